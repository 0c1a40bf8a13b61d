using System.Reflection;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Hosting;

/// <summary>Where options come from, and what a wrong one says.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void Options_Nothing_AreTheDocumentedDefaults()
    {
        var options = Resolve([], configure: null);

        Assert.Equal(Environment.ProcessorCount, options.LoopCount);
        Assert.Equal(EpollScheduling.Auto, options.Scheduling);
        Assert.Equal(512, options.Backlog);
        Assert.True(options.NoDelay);
        Assert.Equal(1024 * 1024, options.MaxReadBufferSize);
        Assert.Equal(64 * 1024, options.MaxWriteBufferSize);
        Assert.Equal(ListenerSharding.SharedSocket, options.ListenerSharding);
        Assert.Null(options.UnixSocketMode);
        Assert.Null(options.UnixSocketUser);
        Assert.Null(options.UnixSocketGroup);
    }

    [Fact]
    public void Options_Configuration_IsBound()
    {
        var options = Resolve(
            new()
            {
                ["LoopCount"] = "3",
                ["Scheduling"] = "inline",
                ["Backlog"] = "77",
                ["NoDelay"] = "false",
                ["MaxReadBufferSize"] = "0",
                ["MaxWriteBufferSize"] = "4096",
                ["ListenerSharding"] = "SocketPerLoop",
                ["CpuAffinity:0"] = "0",
                ["SpinDuration"] = "5",
                ["UnixSocketMode"] = "UserRead, UserWrite, GroupWrite",
                ["UnixSocketUser"] = "root",
                ["UnixSocketGroup"] = "7",
                ["Auto:TakeOverAfter"] = "00:00:00.05",
                ["Auto:MaxLentThreads"] = "9",
            },
            configure: null);

        Assert.Equal(3, options.LoopCount);
        Assert.Equal(EpollScheduling.Inline, options.Scheduling);
        Assert.Equal(77, options.Backlog);
        Assert.False(options.NoDelay);
        Assert.Equal(0, options.MaxReadBufferSize);
        Assert.Equal(4096, options.MaxWriteBufferSize);
        Assert.Equal(ListenerSharding.SocketPerLoop, options.ListenerSharding);
        Assert.Equal([0], options.CpuAffinity);
        Assert.Equal(5, options.SpinDuration);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite, options.UnixSocketMode);
        Assert.Equal(("root", "7"), (options.UnixSocketUser, options.UnixSocketGroup));
        Assert.Equal((TimeSpan.FromMilliseconds(50), 9), (options.Auto.TakeOverAfter, options.Auto.MaxLentThreads));
    }

    [Fact]
    public void Options_CodeAndConfiguration_CodeWins()
    {
        var options = Resolve(new() { ["LoopCount"] = "3", ["Backlog"] = "77" }, options => options.LoopCount = 5);

        Assert.Equal(5, options.LoopCount);
        Assert.Equal(77, options.Backlog);
    }

    [Theory]
    [InlineData("LoopCount", "0", "1", "1024")]
    [InlineData("LoopCount", "1025", "1", "1024")]
    [InlineData("Backlog", "0", "1", "65535")]
    [InlineData("Backlog", "65536", "1", "65535")]
    [InlineData("SpinDuration", "-1", "0", "1000")]
    [InlineData("SpinDuration", "1001", "0", "1000")]
    [InlineData("CpuAffinity:0", "1024", "0", "1023")]
    [InlineData("UnixSocketMode", "0660", "UserWrite", "by name")] // the binder reads it as decimal: refused rather than guessed
    [InlineData("UnixSocketMode", "0444", "UserWrite", "by name")] // as a decimal number it would even be a mode: 0674
    [InlineData("UnixSocketMode", "SetUser, UserWrite", "UserWrite", "by name")]
    [InlineData("MaxReadBufferSize", "-1", "0", "")]
    [InlineData("MaxWriteBufferSize", "-1", "0", "")]
    [InlineData("Auto:TakeOverAfter", "00:00:00.002", "00:00:00.0030000", "00:01:00")]
    [InlineData("Auto:SlowCallback", "00:01:01", "00:00:00.0001000", "00:01:00")]
    [InlineData("Auto:MaxLentThreads", "-1", "0", "1024")]
    [InlineData("Auto:MaxLentThreads", "1025", "0", "1024")]
    public void Options_OutOfRange_ErrorNamesTheOptionAndTheRange(string key, string value, string least, string most)
    {
        var exception = Assert.Throws<OptionsValidationException>(() => Resolve(new() { [key] = value }, configure: null));

        string option = key.Replace(":0", "", StringComparison.Ordinal).Replace(':', '.');
        Assert.Contains($"{option} is ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(least, exception.Message, StringComparison.Ordinal);
        Assert.Contains(most, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_SchedulingUnknown_ErrorListsTheAllowedOnes()
    {
        var exception = Assert.Throws<OptionsValidationException>(() => Resolve([], options => options.Scheduling = (EpollScheduling)99));

        Assert.Contains("Scheduling", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Inline", exception.Message, StringComparison.Ordinal);
        Assert.Contains("ThreadPool", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Scheduling", "Inlined", "Auto, Inline, ThreadPool")]
    [InlineData("Scheduling", "1", "Auto, Inline, ThreadPool")]
    [InlineData("Scheduling", "Auto, Inline", "Auto, Inline, ThreadPool")]
    [InlineData("Scheduling", " ", "Auto, Inline, ThreadPool")]
    [InlineData("ListenerSharding", "Shared", "SharedSocket, SocketPerLoop")]
    [InlineData("UnixSocketMode", "UserRead, Group", "GroupRead")]
    [InlineData("LoopCount", "four", "a whole number")]
    [InlineData("LoopCount", "99999999999", "a whole number")]
    [InlineData("MaxReadBufferSize", "1MB", "a whole number")]
    [InlineData("NoDelay", "yes", "true, false")]
    [InlineData("CpuAffinity", "0,1", "CpuAffinity:0")]
    [InlineData("CpuAffinity:0", "first", "a whole number")]
    [InlineData("Auto", "5", "SlowCallback")]
    [InlineData("Auto:SlowCallback", "5ms", "milliseconds")]
    [InlineData("Auto:SlowCallback", "NaN", "hours:minutes:seconds")]
    [InlineData("Auto:TakeOverAfter", "1e300", "milliseconds")]
    public void Options_NotReadable_ErrorNamesTheOptionTheValueAndWhatIsAllowed(string key, string value, string allowed)
    {
        var exception = Assert.Throws<OptionsValidationException>(() => Resolve(new() { [key] = value }, configure: null));

        Assert.Contains($"{key.Replace(':', '.')} is '{value}'; allowed is ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(allowed, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_SeveralNotReadable_AllAreNamedAtOnce()
    {
        var exception = Assert.Throws<OptionsValidationException>(() => Resolve(new() { ["LoopCount"] = "four", ["Scheduling"] = "fast" }, configure: null));

        Assert.Equal(2, exception.Failures.Count());
    }

    [Theory]
    [InlineData("5", 5)]
    [InlineData("0.5", 0.5)]
    [InlineData("00:00:00.005", 5)]
    [InlineData("00:00:05", 5000)]
    [InlineData("", 1)]
    public void Options_Time_IsMillisecondsOrHoursMinutesSeconds(string value, double milliseconds)
    {
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Resolve(new() { ["Auto:SlowCallback"] = value }, configure: null).Auto.SlowCallback);
    }

    [Theory]
    [InlineData("""{ "LoopCount": 3, "Scheduling": "ThreadPool", "CpuAffinity": [ 0, 1 ], "Auto": { "SlowCallback": 2.5 } }""", 3, 1048576L, 2.5)]
    [InlineData("""{ "LoopCount": 3, "MaxReadBufferSize": null, "UnixSocketUser": null, "CpuAffinity": null }""", 3, null, 1)]
    [InlineData("""{ "LoopCount": "3", "CpuAffinity": [], "Auto": { } }""", 3, 1048576L, 1)]
    public void Options_Json_IsBoundWithItsNullsAndLists(string json, int loops, long? readBuffer, double slow)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "Kestrel": { "Transport": { "Epoll": {{json}} } } }"""));
        var logs = new CapturingLoggerProvider();

        var options = Resolve(new ConfigurationBuilder().AddJsonStream(stream).Build(), logs, configure: null);

        Assert.Equal((loops, readBuffer, TimeSpan.FromMilliseconds(slow)), (options.LoopCount, options.MaxReadBufferSize, options.Auto.SlowCallback));
        Assert.Equal(json.Contains("[ 0, 1 ]", StringComparison.Ordinal) ? [0, 1] : [], options.CpuAffinity ?? []);
        Assert.Empty(logs.Records);
    }

    [Theory]
    [InlineData("LoopsCount", "LoopCount")]
    [InlineData("schedule", "Scheduling")]
    [InlineData("MaxReadBuffer", "MaxReadBufferSize")]
    [InlineData("SlowCallback", "Auto:SlowCallback")]
    [InlineData("Auto:SlowCallbacks", "Auto:SlowCallback")]
    [InlineData("Auto:LoopCount", "LoopCount")]
    [InlineData("LoopCount:0", "LoopCount")]
    public void Options_UnknownKey_IsNamedInAWarningWithTheNearestKnownOne(string key, string nearest)
    {
        var logs = new CapturingLoggerProvider();

        var options = Resolve(Configuration(new() { [key] = "3", ["Backlog"] = "77" }), logs, configure: null);

        Assert.Equal(77, options.Backlog);
        var warning = Assert.Single(logs.AtLeast(LogLevel.Information));
        Assert.Equal((LogLevel.Warning, "Transport.Epoll", 21), (warning.Level, warning.Category, warning.Id.Id));
        Assert.Contains($"{EpollTransportOptions.ConfigurationSection}:{key}, ", warning.Message, StringComparison.Ordinal);
        Assert.Contains($"Was {nearest} meant?", warning.Message, StringComparison.Ordinal);
    }

    /// <summary>An option that is added later is looked at, too.</summary>
    [Fact]
    public void Options_EveryProperty_CanBeSetByConfiguration()
    {
        var logs = new CapturingLoggerProvider();
        var keys = KeysOf(typeof(EpollTransportOptions), "").Concat(KeysOf(typeof(AutoSchedulingOptions), "Auto:")).ToDictionary(key => key, _ => (string?)"");

        Resolve(Configuration(keys), logs, configure: null);

        Assert.Empty(logs.Records);
        Assert.Contains("Auto:SlowCallback", keys.Keys);
    }

    private static IEnumerable<string> KeysOf(Type type, string prefix) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => prefix + property.Name);

    [Fact]
    public void Options_Invalid_FailWhenTheTransportIsCreated()
    {
        var services = new ServiceCollection().AddLogging().AddEpollTransport(options => options.LoopCount = 0);
        using var provider = services.BuildServiceProvider();

        Assert.Throws<OptionsValidationException>(() => provider.GetServices<IConnectionListenerFactory>().Last());
    }

    private static EpollTransportOptions Resolve(Dictionary<string, string?> section, Action<EpollTransportOptions>? configure)
        => Resolve(Configuration(section), new CapturingLoggerProvider(), configure);

    private static IConfigurationRoot Configuration(Dictionary<string, string?> section) => new ConfigurationBuilder()
        .AddInMemoryCollection(section.ToDictionary(entry => $"{EpollTransportOptions.ConfigurationSection}:{entry.Key}", entry => entry.Value))
        .Build();

    private static EpollTransportOptions Resolve(IConfiguration configuration, CapturingLoggerProvider logs, Action<EpollTransportOptions>? configure)
    {
        var services = new ServiceCollection().AddLogging(logging => logging.AddProvider(logs)).AddSingleton(configuration).AddEpollTransport(configure);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<EpollTransportOptions>>().Value;
    }
}
