using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace Transport.Epoll.EventLoops;

/// <summary>Whether a loop has come so far that it handles events, or why it can't.</summary>
/// <remarks>Its drivers say it, of which the first counts; whoever started the loop waits.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "Its wait handle is never asked for: there is nothing to dispose of.")]
internal sealed class StartSignal
{
    private readonly ManualResetEventSlim _said = new();
    private Exception? _failure;

    public void OnRunning() => _said.Set();

    /// <summary>The loop has ended; before it ran, if nothing was said yet.</summary>
    public void OnEnded(Exception? failure)
    {
        if (!_said.IsSet)
        {
            _failure = failure;
            _said.Set();
        }
    }

    /// <summary>Blocks until the loop runs, or throws what kept it from that.</summary>
    public void Wait()
    {
        _said.Wait();
        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }
    }
}
