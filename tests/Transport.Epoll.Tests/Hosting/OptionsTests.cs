using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

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
    [InlineData("UnixSocketMode", "0660", "UserWrite", "by name")] // read as decimal, and so is 01224: refused rather than guessed
    [InlineData("UnixSocketMode", "SetUser, UserWrite", "UserWrite", "by name")]
    [InlineData("MaxReadBufferSize", "-1", "0", "")]
    [InlineData("MaxWriteBufferSize", "-1", "0", "")]
    [InlineData("Auto:TakeOverAfter", "00:00:00.002", "00:00:00.0030000", "00:01:00")]
    [InlineData("Auto:SlowCallback", "00:01:01", "00:00:00.0001000", "00:01:00")]
    [InlineData("Auto:QuickCallbacks", "0", "1", "1000000")]
    [InlineData("Auto:LoopBackOff", "0", "00:00:00.0100000", "00:10:00")]
    [InlineData("Auto:StandbyIdleTime", "01:00:01", "00:00:00.0100000", "01:00:00")]
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

    [Fact]
    public void Options_Invalid_FailWhenTheTransportIsCreated()
    {
        var services = new ServiceCollection().AddLogging().AddEpollTransport(options => options.LoopCount = 0);
        using var provider = services.BuildServiceProvider();

        Assert.Throws<OptionsValidationException>(() => provider.GetServices<IConnectionListenerFactory>().Last());
    }

    private static EpollTransportOptions Resolve(Dictionary<string, string?> section, Action<EpollTransportOptions>? configure)
    {
        var keys = section.ToDictionary(entry => $"{EpollTransportOptions.ConfigurationSection}:{entry.Key}", entry => entry.Value);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(keys).Build();
        var services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration).AddEpollTransport(configure);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<EpollTransportOptions>>().Value;
    }
}
