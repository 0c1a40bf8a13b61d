using System.Diagnostics.Metrics;

namespace Sample.Web.Dashboard;

/// <summary>
/// Counts the requests that the server completed, by ASP.NET Core's own instrument <c>http.server.request.duration</c>. It listens only while somebody
/// watches: a listener costs each request some time. Any thread.
/// </summary>
internal sealed class RequestCounter : IDisposable
{
    private readonly Lock _lock = new();
    private int _watchers;
    private MeterListener? _listener;
    private long _completed;

    /// <summary>Since the first watcher came; only differences mean something.</summary>
    public long Completed => Volatile.Read(ref _completed);

    /// <summary>Counts until what it returns is disposed.</summary>
    public IDisposable Watch()
    {
        lock (_lock)
        {
            if (_watchers++ == 0)
            {
                _listener = Listen();
            }
        }

        return new Watcher(this);
    }

    public void Dispose() => _listener?.Dispose();

    private MeterListener Listen()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument is { Name: "http.server.request.duration", Meter.Name: "Microsoft.AspNetCore.Hosting" })
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Interlocked.Increment(ref _completed));
        listener.Start();
        return listener;
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_watchers == 0)
            {
                _listener?.Dispose();
                _listener = null;
            }
        }
    }

    private sealed class Watcher(RequestCounter counter) : IDisposable
    {
        public void Dispose() => counter.Leave();
    }
}
