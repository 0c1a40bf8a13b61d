using System.Runtime.CompilerServices;

namespace Transport.Epoll.Tests.Auto.Stress;

/// <summary>
/// Awaits one task after the other and counts the callbacks that were asked for and those that came: each must come once. One connection's, whose
/// handler is on one thread at a time.
/// </summary>
internal sealed class OnceCallbacks<T> : ICriticalNotifyCompletion
{
    private readonly Action _run;
    private ConfiguredValueTaskAwaitable<T>.ConfiguredValueTaskAwaiter _inner;
    private Action? _continuation;

    // 1 while a callback has been asked for and has not come.
    private int _asked;

    public OnceCallbacks() => _run = Run;

    public long Asked { get; private set; }

    public long Ran { get; private set; }

    /// <summary>Callbacks that nobody had asked for: an earlier one, run again.</summary>
    public int Repeated { get; private set; }

    public bool IsCompleted => _inner.IsCompleted;

    public OnceCallbacks<T> Of(ValueTask<T> task)
    {
        _inner = task.ConfigureAwait(false).GetAwaiter();
        return this;
    }

    public OnceCallbacks<T> GetAwaiter() => this;

    public T GetResult() => _inner.GetResult();

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        _continuation = continuation;
        Asked++;
        Volatile.Write(ref _asked, 1);
        _inner.UnsafeOnCompleted(_run);
    }

    private void Run()
    {
        if (Interlocked.Exchange(ref _asked, 0) == 0)
        {
            Repeated++;
            return;
        }

        Ran++;
        _continuation!();
    }
}
