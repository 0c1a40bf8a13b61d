using System.Diagnostics;
using Transport.Epoll.Native;

namespace Transport.Epoll.EventLoops;

/// <summary>How threads drive the loop: one to its end, or whichever comes, for one turn each.</summary>
internal sealed partial class EventLoop
{
    /// <summary>Drives the loop, as the holder of its lease.</summary>
    /// <returns>True when the loop has ended, false when the lease was lost and another thread goes on.</returns>
    public bool Drive()
    {
        Exception? failure = null;
        try
        {
            OnDriver();
            Started.TrySetResult(null);
            LoopThread.Driven = LoopThread.Running = this;
            while (!_stopping)
            {
                if (!Turn())
                {
                    LoopThread.Driven = null;
                    return false;
                }
            }
        }
#pragma warning disable CA1031 // The loop can't go on, whatever it was: the group ends its listeners and the host.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }

        End(failure);
        return true;
    }

    /// <summary>The loop handles nothing more. The last thread that may drive it.</summary>
    public void End(Exception? failure)
    {
        LoopThread.Driven = LoopThread.Running = null;
        Close();
        _onEnd(failure);
        Started.TrySetResult(failure); // if it has not run
    }

    /// <summary>The calling thread becomes the driver.</summary>
    private void OnDriver()
    {
        SysResult bound = _processor is int processor ? _kernel.SetAffinity(processor) : default;
        if (_wakeToken is null)
        {
            bound.ThrowIfFailed(); // at the start; later its processor may be gone (a narrower cpuset), and any other one does
        }

        Thread.CurrentThread.Name = Name;
        Lease.ThreadId = LoopThread.Id;
        _policy?.OnDriver();
        RegisterWakeUp();
    }

    private void RegisterWakeUp()
    {
        if (_wakeToken is null)
        {
            ulong token = _handlers.Add(WakeHandler.Instance);
            _epoll.Add(_wake.Number, EpollEvents.In, token).ThrowIfFailed();
            _wakeToken = token;
        }
    }

    /// <summary>Leaves the loop to the threads that serve <paramref name="ready"/>, instead of a driver of its own. Whoever made it; once.</summary>
    public void Share(ReadyLoops ready)
    {
        RegisterWakeUp();
        _ready = ready;
        _poller.IsShared = true;
        if (!_work.TryEnterSleep())
        {
            _wake.Signal(); // somebody was quick
        }

        Counters.BeginWait(Stopwatch.GetTimestamp());
        Lease.Wait();
        ready.Add(Counters.Index, _epoll);
        Started.TrySetResult(null);
    }

    /// <summary>One turn, by a thread that <see cref="ReadyLoops.Take"/> gave the loop to, or that has taken its lease over.</summary>
    /// <param name="isTakenOver">Whether it has been taken over.</param>
    /// <param name="since">When it may have become ready, at the earliest.</param>
    /// <returns>False when the lease was lost in it: the loop is another thread's.</returns>
    public bool RunShared(bool isTakenOver, long since)
    {
        Exception? failure = null;
        try
        {
            LoopThread.Driven = LoopThread.Running = this;
            Lease.ThreadId = LoopThread.Id;
            if (!isTakenOver)
            {
                long now = Stopwatch.GetTimestamp();
                Counters.EndWait(now);
                Counters.OnLate(now - since);
                Lease.Resume();
                _policy?.OnAwake();
                _work.LeaveSleep();
            }

            _policy?.OnDriver();
            if (!Turn())
            {
                LoopThread.Driven = null;
                return false;
            }

            if (!_stopping)
            {
                Release();
                return true;
            }
        }
#pragma warning disable CA1031 // As for a loop with a driver of its own.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }

        End(failure);
        return true;
    }

    /// <summary>From now on the loop is reported whenever it is ready, or once and then after each turn. The only thread that serves loops, or who acts for it; it does not drive this one.</summary>
    public void Arm(bool oneShot)
    {
        try
        {
            _ready!.Arm(Counters.Index, _epoll, oneShot);
        }
#pragma warning disable CA1031 // As for a loop with a driver of its own.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            (EventLoop? driven, EventLoop? running) = (LoopThread.Driven, LoopThread.Running); // after a slow callback it drives another one
            End(exception);
            (LoopThread.Driven, LoopThread.Running) = (driven, running);
        }
    }

    /// <summary>While it is being driven: it is armed after the turn. Lease holder, which alone serves loops.</summary>
    public bool TryDisarm() => _ready!.TryDisarm(Counters.Index, _epoll);

    /// <summary>Gives the loop back. With the last line it is another thread's.</summary>
    private void Release()
    {
        bool hasWork = (_poller.MayHaveMore && !_ready!.IsOneShot) || !_run.IsEmpty || !_work.TryEnterSleep();
        LoopThread.Driven = LoopThread.Running = null;
        Counters.BeginWait(Stopwatch.GetTimestamp());
        Lease.Wait();
        if (hasWork)
        {
            _wake.Signal(); // behind the loops that are ready now
        }

        _ready!.Release(Counters.Index, _epoll);
    }
}
