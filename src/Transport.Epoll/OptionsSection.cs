using System.Collections;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Transport.Epoll;

/// <summary>
/// The options' configuration section before it is bound. The binder passes over keys that it does not know, names no allowed value where it
/// refuses one, reads a plain number as days where a time is meant, and a number as bits where names are: each value is looked at here first.
/// </summary>
/// <remarks>One thread.</remarks>
internal sealed class OptionsSection
{
    private static readonly PropertyInfo[] s_options = typeof(EpollTransportOptions).GetProperties();
    private static readonly PropertyInfo[] s_autoOptions = typeof(AutoSchedulingOptions).GetProperties();

    private readonly Dictionary<string, string?> _values = [];
    private readonly List<string> _errors = [];
    private readonly List<(string Key, string Nearest)> _unknown = [];

    private OptionsSection()
    {
    }

    /// <summary>What the binder shall have: times in its own format. A section, because it passes over a null in the root.</summary>
    public IConfigurationSection Values => new ConfigurationBuilder()
        .AddInMemoryCollection(_values.Select(value => KeyValuePair.Create($"{EpollTransportOptions.ConfigurationSection}:{value.Key}", value.Value)))
        .Build()
        .GetSection(EpollTransportOptions.ConfigurationSection);

    /// <summary>A sentence for each value that can't be read.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>Each key, in full, that names no option, and the option whose name is most like it.</summary>
    public IReadOnlyList<(string Key, string Nearest)> Unknown => _unknown;

    public static OptionsSection Read(IConfigurationSection section)
    {
        OptionsSection read = new();
        read.ReadGroup(section, prefix: "", s_options);
        return read;
    }

    private void ReadGroup(IConfigurationSection group, string prefix, PropertyInfo[] options)
    {
        foreach (IConfigurationSection entry in group.GetChildren())
        {
            if (options.FirstOrDefault(option => option.Name.Equals(entry.Key, StringComparison.OrdinalIgnoreCase)) is not PropertyInfo option)
            {
                _unknown.Add((entry.Path, NearestOption(entry.Key)));
            }
            else if (option.PropertyType == typeof(AutoSchedulingOptions))
            {
                RefuseValue(entry, prefix + option.Name, "its options, such as " + nameof(AutoSchedulingOptions.SlowCallback));
                ReadGroup(entry, prefix + option.Name + ":", s_autoOptions);
            }
            else if (option.PropertyType.IsAssignableTo(typeof(IEnumerable)) && option.PropertyType != typeof(string))
            {
                ReadList(entry, prefix + option.Name);
            }
            else
            {
                ReadValue(entry, prefix + option.Name, option.PropertyType);
            }
        }
    }

    /// <summary>Wherever the key stands: a constant of Auto may have been taken for an option, or the other way round.</summary>
    private static string NearestOption(string key)
    {
        string nearest = SimilarName.Nearest(key, s_options.Concat(s_autoOptions).Select(option => option.Name));
        return Array.Exists(s_options, option => option.Name == nearest) ? nearest : $"{nameof(EpollTransportOptions.Auto)}:{nearest}";
    }

    /// <summary>All lists are of numbers.</summary>
    private void ReadList(IConfigurationSection list, string key)
    {
        RefuseValue(list, key, $"a list, {key}:0, {key}:1 and so on");
        foreach (IConfigurationSection entry in list.GetChildren())
        {
            ReadValue(entry, $"{key}:{entry.Key}", typeof(int));
        }
    }

    private void ReadValue(IConfigurationSection entry, string key, Type type)
    {
        string? text = entry.Value;
        IConfigurationSection[] below = [.. entry.GetChildren()];
        _unknown.AddRange(below.Select(each => (each.Path, key)));
        if (text is null && below.Length > 0)
        {
            return;
        }

        type = Nullable.GetUnderlyingType(type) ?? type;
        if (string.IsNullOrEmpty(text) || type == typeof(string))
        {
            _values[key] = text; // the binder knows what empty and null mean
        }
        else if (type == typeof(TimeSpan))
        {
            ReadTime(key, text);
        }
        else if (Allowed(type, text) is string allowed)
        {
            Refuse(key, text, allowed);
        }
        else
        {
            _values[key] = text;
        }
    }

    private void ReadTime(string key, string text)
    {
        const double Longest = 1e12; // milliseconds, some thirty years: far more than any option allows, and still a TimeSpan
        bool isTime = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double milliseconds)
            ? Math.Abs(milliseconds) < Longest
            : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out _);
        if (!isTime)
        {
            Refuse(key, text, "a number of milliseconds, such as 5, or hours:minutes:seconds, such as 00:00:00.005");
            return;
        }

        _values[key] = text.Contains(':', StringComparison.Ordinal) ? text : TimeSpan.FromMilliseconds(milliseconds).ToString("c", CultureInfo.InvariantCulture);
    }

    /// <summary>What is allowed, if the value is none of it.</summary>
    private static string? Allowed(Type type, string text)
    {
        if (type.IsEnum)
        {
            // The binder takes numbers, 0444 as the decimal one with quite other bits, and of values that exclude each other the sum.
            string[] names = Enum.GetNames(type);
            string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
            bool isFlags = type.IsDefined(typeof(FlagsAttribute), inherit: false);
            return (isFlags || parts.Length == 1) && parts.All(part => names.Contains(part, StringComparer.OrdinalIgnoreCase)) ? null
                : string.Join(", ", names) + (isFlags ? ", by name, several with commas between them" : "");
        }

        return type == typeof(bool) ? bool.TryParse(text, out _) ? null : "true, false"
            : long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long number) && (type == typeof(long) || number is >= int.MinValue and <= int.MaxValue) ? null
            : "a whole number";
    }

    private void RefuseValue(IConfigurationSection entry, string key, string allowed)
    {
        if (!string.IsNullOrEmpty(entry.Value))
        {
            Refuse(key, entry.Value, allowed);
        }
    }

    private void Refuse(string key, string text, string allowed) => _errors.Add($"{key.Replace(':', '.')} is '{text}'; allowed is {allowed}.");
}
