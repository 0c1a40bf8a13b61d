using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Faults;

/// <summary>
/// Listens to the meters of one app, those of Kestrel, hosting and the transport, and is hostile at each measurement while it is told to be.
/// Any thread measures.
/// </summary>
internal sealed class HostileMeterListener : IDisposable
{
    public const string Kestrel = "Microsoft.AspNetCore.Server.Kestrel";
    public const string Hosting = "Microsoft.AspNetCore.Hosting";

    private readonly Channel<(string Meter, string? Thread)> _calls = Channel.CreateUnbounded<(string, string?)>();
    private readonly MeterListener _listener;
    private readonly Action _hostility;
    private bool _isHostile;

    public HostileMeterListener(WebApplication app, Action hostility)
    {
        _hostility = hostility;
        var meters = app.Services.GetRequiredService<IMeterFactory>();
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                // Apps of other tests have meters of the same names.
                if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Meter.Name is Kestrel or Hosting or SchedulingCounters.MeterName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => OnMeasurement(instrument, value));
        _listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => OnMeasurement(instrument, value));
        _listener.Start();
    }

    public bool IsHostile
    {
        get => Volatile.Read(ref _isHostile);
        set => Volatile.Write(ref _isHostile, value);
    }

    /// <summary>Has the observable instruments measured, on the calling thread.</summary>
    public void Observe() => _listener.RecordObservableInstruments();

    /// <summary>The name of the thread of the next hostile call for a meter.</summary>
    public async Task<string?> NextAsync(string meter)
    {
        while (true)
        {
            var call = await _calls.Reader.ReadAsync().WithTimeout();
            if (call.Meter == meter)
            {
                return call.Thread;
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Where Kestrel itself has no answer, whatever the transport: its accept loop would end, or it would never dispose of a connection.</summary>
    private static bool IsSpared(Instrument instrument, double value)
        => instrument.Name is "kestrel.queued_connections" or "kestrel.connection.duration" || (instrument.Name == "kestrel.active_connections" && value < 0);

    private void OnMeasurement(Instrument instrument, double value)
    {
        if (IsHostile && !IsSpared(instrument, value))
        {
            _calls.Writer.TryWrite((instrument.Meter.Name, Thread.CurrentThread.Name));
            _hostility();
        }
    }
}
