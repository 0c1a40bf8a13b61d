using System.Collections.Concurrent;
using Transport.Epoll.Native;

namespace Transport.Epoll.Tests.Native;

/// <summary>What one system call shall answer: scripted results first, then the standing error if there is one, then the real kernel. Any thread.</summary>
internal sealed class CallScript
{
    private readonly ConcurrentQueue<SysResult> _results = new();
    private volatile int _standingErrno;
    private int _calls;

    /// <summary>How often the call was made, scripted or not.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Runs at the start of each call, on the caller's thread: the place for a gate.</summary>
    public Action? Before { get; set; }

    public void Return(int value) => _results.Enqueue(SysResult.Ok(value));

    public void Fail(params ReadOnlySpan<int> errnos)
    {
        foreach (int errno in errnos)
        {
            _results.Enqueue(SysResult.Failed(errno));
        }
    }

    /// <summary>Fails until <see cref="Recover"/>.</summary>
    public void FailAlways(int errno) => _standingErrno = errno;

    public void Recover() => _standingErrno = 0;

    /// <summary>Counts the call, and takes its scripted result if there is one.</summary>
    public bool TryTake(out SysResult result)
    {
        Interlocked.Increment(ref _calls);
        Before?.Invoke();
        if (_results.TryDequeue(out result))
        {
            return true;
        }

        int errno = _standingErrno;
        result = SysResult.Failed(errno);
        return errno != 0;
    }
}
