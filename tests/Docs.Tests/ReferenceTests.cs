using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Transport.Epoll;

namespace Docs.Tests;

/// <summary>The texts that list what the code has: nothing is missing, nothing is left over.</summary>
public partial class ReferenceTests
{
    [Fact]
    public void Troubleshooting_LogLines_AreThoseOfTheCode()
    {
        var log = typeof(EpollTransportOptions).Assembly.GetType("Transport.Epoll.Diagnostics.EpollTransportLog", throwOnError: true)!;
        var code = log.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>()
            .Select(message => $"{message.EventId} {message.EventName} {message.Level}");

        var listed = MarkdownFile.Get("docs/troubleshooting.md").Rows.Where(row => int.TryParse(row[0], out _)).Select(row => $"{row[0]} {row[1]} {row[2]}");

        Assert.Equal(code.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Options_Headings_AreThePublicProperties()
    {
        var code = Names(typeof(EpollTransportOptions), "").Where(name => name != "Auto").Concat(Names(typeof(AutoSchedulingOptions), "Auto:"));

        var listed = MarkdownFile.Get("docs/options.md").Headings.Where(heading => !heading.Contains(' ', StringComparison.Ordinal) && heading != "Options");

        Assert.Equal(code.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    public static TheoryData<string> OptionErrors => [.. OptionErrorPattern().Matches(MarkdownFile.Get("docs/options.md").Text).Select(match => match.Groups[1].Value).Distinct()];

    [Theory]
    [MemberData(nameof(OptionErrors))]
    public void Options_Errors_AreThoseOfTheCode(string error)
    {
        var name = error[..error.IndexOf(' ', StringComparison.Ordinal)];
        var value = error[(name.Length + " is ".Length)..error.IndexOf(';', StringComparison.Ordinal)].Trim('\'');
        var key = name == nameof(EpollTransportOptions.CpuAffinity) ? $"{name}:0" : name.Replace('.', ':');
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder()
            .AddInMemoryCollection([new($"{EpollTransportOptions.ConfigurationSection}:{key}", value)]).Build());
        services.AddEpollTransport();
        using var provider = services.BuildServiceProvider();

        var exception = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<EpollTransportOptions>>().Value);

        Assert.EndsWith(error, Assert.Single(exception.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_Instruments_AreThoseOfTheMeter()
    {
        var instruments = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == "Transport.Epoll")
                {
                    instruments.Add($"{instrument.Name} {Kind(instrument)} {instrument.Unit}");
                }
            },
        };
        listener.Start();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseEpollTransport();
        await using var app = builder.Build();
        Assert.NotEmpty(app.Services.GetServices<IConnectionListenerFactory>());

        var listed = MarkdownFile.Get("docs/metrics.md").Rows.Where(row => row[0].StartsWith("transport.epoll.", StringComparison.Ordinal)).Select(row => $"{row[0]} {row[1]} {row[2]}");

        Assert.Equal(instruments.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Metrics_EventCounters_AreThoseOfTheEventSource()
    {
        using var listener = new CounterListener();
        var listed = MarkdownFile.Get("docs/metrics.md").Rows.Where(row => row.Length == 3 && row[1] is "total" or "now" or "per interval" or "mean of the interval" or "the busiest loop" or "the longest of all loops")
            .Select(row => row[0]).Order(StringComparer.Ordinal).ToArray();

        for (var i = 0; i < 100 && listener.Names.Count < listed.Length; i++)
        {
            Assert.True(await listener.NextAsync());
        }

        Assert.Equal(listed, listener.Names.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Metrics_Events_AreThoseOfTheEventSource()
    {
        var source = typeof(EpollTransportOptions).Assembly.GetType("Transport.Epoll.Diagnostics.TransportEventSource", throwOnError: true)!;
        var code = source.GetMethods(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Select(method => (Method: method, Event: method.GetCustomAttribute<EventAttribute>())).Where(each => each.Event is not null)
            .Select(each => $"{each.Method.Name} {each.Event!.EventId} {each.Event.Level} {string.Join(", ", each.Method.GetParameters().Select(parameter => parameter.Name))}");

        var listed = MarkdownFile.Get("docs/metrics.md").Rows.Where(row => row.Length == 4 && int.TryParse(row[1], out _)).Select(row => string.Join(' ', row));

        Assert.Equal(code.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    /// <summary>What dashboards of the buffers filter by.</summary>
    [Fact]
    public async Task Metrics_MemoryPool_HasTheOwnerOfTheText()
    {
        var owners = new ConcurrentBag<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Name.StartsWith("aspnetcore.memory_pool.", StringComparison.Ordinal))
                {
                    own.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
        {
            foreach (var tag in tags)
            {
                owners.Add($"{tag.Key}={tag.Value}");
            }
        });
        listener.Start();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseEpollTransport().UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.MapGet("/", () => "x");
        await app.StartAsync();
        using var client = new HttpClient();
        await client.GetStringAsync(new Uri(app.Urls.First()));

        Assert.Contains("aspnetcore.memory_pool.owner=kestrel", owners);
        Assert.Contains("`aspnetcore.memory_pool.owner` with the value `kestrel`", MarkdownFile.Get("docs/metrics.md").Text, StringComparison.Ordinal);
    }

    /// <summary>Listens as dotnet-counters does. Any thread.</summary>
    private sealed class CounterListener : EventListener
    {
        private readonly SemaphoreSlim _came = new(0);

        public CounterListener()
        {
            var source = (EventSource)typeof(EpollTransportOptions).Assembly.GetType("Transport.Epoll.Diagnostics.TransportEventSource", throwOnError: true)!.GetField("Log")!.GetValue(null)!;
            EnableEvents(source, EventLevel.Informational, EventKeywords.None, new Dictionary<string, string?> { ["EventCounterIntervalSec"] = "0.1" });
        }

        public ConcurrentDictionary<string, bool> Names { get; } = new();

        public Task<bool> NextAsync() => _came.WaitAsync(TimeSpan.FromSeconds(5));

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventSource.Name == "Transport-Epoll" && eventData.EventName == "EventCounters")
            {
                Names[(string)((IDictionary<string, object>)eventData.Payload![0]!)["Name"]] = true;
                _came.Release();
            }
        }
    }

    [GeneratedRegex("`([A-Za-z.]+ is [^`;]+; allowed is [^`]+)`")]
    private static partial Regex OptionErrorPattern();

    /// <summary>As OpenTelemetry calls it.</summary>
    private static string Kind(Instrument instrument)
    {
        var type = instrument.GetType().Name;
        return type.StartsWith("Observable", StringComparison.Ordinal) ? type["Observable".Length..type.IndexOf('`', StringComparison.Ordinal)] : type;
    }

    private static IEnumerable<string> Names(Type options, string prefix)
        => options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => prefix + property.Name);
}
