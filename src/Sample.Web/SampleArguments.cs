using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Transport.Epoll;

namespace Sample.Web;

/// <summary>The command line, checked: what the sample itself understands, and what goes on to the configuration.</summary>
internal sealed class SampleArguments
{
    private const int MinLoops = 1;
    private const int MaxLoops = 1024;

    private static readonly string[] s_ownSwitches = ["--transport", "--loops", "--scheduling", "--https"];

    /// <summary>The keys without a colon that every ASP.NET Core app understands.</summary>
    private static readonly string[] s_hostSwitches = ["--urls", "--http_ports", "--https_ports", "--environment", "--contentRoot"];

    private static readonly string s_transports = string.Join(", ", TransportChoiceNames.All);
    private static readonly string s_https = string.Join(", ", Enum.GetNames<HttpsChoice>());
    private static readonly string s_schedulings = string.Join(", ", Enum.GetNames<EpollScheduling>());

    private readonly List<string> _configuration = [];

    private SampleArguments()
    {
    }

    public static string Help { get; } = $"""
        Sample.Web: a small web app on the epoll transport for Kestrel.

          --transport NAME    {s_transports} (default: {TransportChoiceNames.All[0]})
          --loops N           event loops of the epoll transport, {MinLoops} to {MaxLoops} (default: one per processor)
          --scheduling NAME   where the epoll transport runs the app: {s_schedulings} (default: {new EpollTransportOptions().Scheduling})
          --https NAME        who speaks TLS: {s_https} (default: {HttpsChoice.Kestrel})
          --urls URLS         addresses, separated by semicolons (default: {SampleApplication.DefaultUrl})
          --Section:Key VALUE any configuration key, such as --Kestrel:EndpointDefaults:Protocols Http2
                              or --Logging:LogLevel:Default Information
          --help              this text

        Also {string.Join(", ", s_hostSwitches[1..])}. Values follow a space or an equals sign.
        """;

    public TransportChoice Transport { get; private set; } = TransportChoice.Epoll;

    /// <summary>The number of loops, or null to leave it to the transport's own default and configuration.</summary>
    public int? Loops { get; private set; }

    /// <summary>Where the app runs, or null to leave it to the transport's own default and configuration.</summary>
    public EpollScheduling? Scheduling { get; private set; }

    /// <summary>Who speaks TLS on https endpoints.</summary>
    public HttpsChoice Https { get; private set; }

    public bool ShowHelp { get; private set; }

    /// <summary>The arguments for the configuration, each as <c>--key=value</c>.</summary>
    public string[] Configuration => [.. _configuration];

    /// <summary>Reads the arguments; on failure <paramref name="error"/> names what is allowed.</summary>
    public static bool TryParse(string[] args, [NotNullWhen(true)] out SampleArguments? arguments, [NotNullWhen(false)] out string? error)
    {
        arguments = null;
        error = null;
        var parsed = new SampleArguments();

        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] is "--help" or "-h")
            {
                parsed.ShowHelp = true;
                continue;
            }

            var equals = args[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? args[i] : args[i][..equals];
            if (!IsKnown(name))
            {
                error = $"unknown argument '{args[i]}'; allowed are {string.Join(", ", [.. s_ownSwitches, .. s_hostSwitches])}, --help and configuration keys such as --Kestrel:EndpointDefaults:Protocols.";
                return false;
            }

            string value;
            if (equals >= 0)
            {
                value = args[i][(equals + 1)..];
            }
            else if (i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal))
            {
                value = args[++i];
            }
            else
            {
                error = $"{name} needs a value{Allowed(name)}.";
                return false;
            }

            if (!parsed.TrySet(name, value))
            {
                error = $"{name} cannot be '{value}'{Allowed(name)}.";
                return false;
            }
        }

        arguments = parsed;
        return true;
    }

    private static bool IsKnown(string name)
    {
        return s_ownSwitches.Contains(name, StringComparer.OrdinalIgnoreCase)
            || s_hostSwitches.Contains(name, StringComparer.OrdinalIgnoreCase)
            || (name.StartsWith("--", StringComparison.Ordinal) && name.IndexOf(':', StringComparison.Ordinal) > 2);
    }

    private static string Allowed(string name) => name.ToUpperInvariant() switch
    {
        "--TRANSPORT" => $"; allowed are {s_transports}",
        "--LOOPS" => $"; allowed are whole numbers from {MinLoops} to {MaxLoops}",
        "--SCHEDULING" => $"; allowed are {s_schedulings}",
        "--HTTPS" => $"; allowed are {s_https}",
        _ => "",
    };

    private bool TrySet(string name, string value)
    {
        switch (name.ToUpperInvariant())
        {
            case "--TRANSPORT":
                var known = TransportChoiceNames.TryParse(value, out var transport);
                Transport = transport;
                return known;
            case "--LOOPS":
                var isNumber = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var loops);
                Loops = loops;
                return isNumber && loops is >= MinLoops and <= MaxLoops;
            case "--SCHEDULING":
                var isScheduling = TryParseName<EpollScheduling>(value, out var scheduling);
                Scheduling = isScheduling ? scheduling : null;
                return isScheduling;
            case "--HTTPS":
                var isHttps = TryParseName<HttpsChoice>(value, out var https);
                Https = https;
                return isHttps;
            default:
                _configuration.Add($"{name}={value}");
                return true;
        }
    }

    /// <summary>Not Enum.TryParse: it takes numbers too.</summary>
    private static bool TryParseName<T>(string value, out T parsed)
        where T : struct, Enum
    {
        var index = Array.FindIndex(Enum.GetNames<T>(), name => name.Equals(value, StringComparison.OrdinalIgnoreCase));
        parsed = index < 0 ? default : Enum.GetValues<T>()[index];
        return index >= 0;
    }
}
