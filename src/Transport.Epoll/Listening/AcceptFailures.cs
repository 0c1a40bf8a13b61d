using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll.Listening;

/// <summary>Counts what kept a listener from accepting, by the error's name, and says so: each in an event, a shortage in a warning once per interval.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class AcceptFailures(ILogger logger, SchedulingCounters counters, EndPoint endPoint)
{
    private const string NotSetUp = "setup_failed";

    private readonly ConcurrentDictionary<string, long> _counts = new();
    private readonly WarningInterval _warnings = new();

    public IReadOnlyDictionary<string, long> Counts => new Dictionary<string, long>(_counts);

    /// <summary>An accept has failed.</summary>
    public void OnFailed(SysResult error) => Count(ErrorNames.Of(error));

    /// <summary>Accepting rests for want of something, or (no error) because what was accepted could not be set up.</summary>
    public void OnExhausted(SysResult error, TimeSpan retryWithin)
    {
        if (error.IsOk)
        {
            Count(NotSetUp);
        }

        if (_warnings.TryPass())
        {
            string reason = error.IsOk ? "an accepted connection could not be set up" : error.Message;
            EpollTransportLog.AcceptExhausted(logger, endPoint.ToString() ?? string.Empty, reason, (int)retryWithin.TotalMilliseconds);
        }
    }

    private void Count(string name)
    {
        counters.AddAcceptError();
        _counts.AddOrUpdate(name, 1, static (_, count) => count + 1);
        TransportEventSource.Log.OnAcceptFailed(endPoint, name);
    }
}
