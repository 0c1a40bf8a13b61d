using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Diagnostics;

namespace Transport.Epoll.Connections;

/// <summary>
/// The end of a connection, for the application: its closed token, which fires on the pool, and what disposing waits for, the token and the
/// descriptor.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class ClosedSignal(ConnectionSettings settings, ConnectionContext connection) : IDisposable
{
    private readonly CancellationTokenSource _source = new();

    // The closed token and the descriptor.
    private LastOfTwo _finish = new();

    public CancellationToken Token => _source.Token;

    public Task WaitAsync() => _finish.WaitAsync();

    public void OnDescriptorClosed() => _finish.OnFinished();

    /// <summary>Has the token fire, on the pool. Once.</summary>
    public void Tell()
    {
        try
        {
            ThreadPool.UnsafeQueueUserWorkItem(static signal => signal.Cancel(), this, preferLocal: false);
        }
        catch (Exception exception) when (exception is not ThreadInterruptedException) // that is tried again (EndSteps)
        {
            _finish.OnFinished(); // the pool takes nothing more: who disposes must not wait for it
            throw;
        }
    }

    public void Dispose() => _source.Dispose();

    private void Cancel()
    {
        try
        {
            _source.Cancel();
        }
#pragma warning disable CA1031 // A callback of the application threw: it is told, and nothing here depends on it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            EndSteps.Run((settings.Logger, connection.ConnectionId, Error: exception),
                static end => EpollTransportLog.CallbackFailed(end.Logger, end.ConnectionId, end.Error), settings.Logger);
        }

        _finish.OnFinished();
    }
}
