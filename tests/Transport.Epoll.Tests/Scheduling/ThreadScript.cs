using System.Collections.Concurrent;
using Transport.Epoll.Scheduling;

namespace Transport.Epoll.Tests.Scheduling;

/// <summary>Starts threads, but no standbys while the test says so. Its clock, for the pauses between tries, stands still until the test moves it.</summary>
internal sealed class ThreadScript
{
    private readonly ConcurrentQueue<Exception> _reports = new();
    private readonly ConcurrentQueue<Thread> _standbys = new();
    private readonly ManualClock _clock = new();
    private int _tries;

    /// <summary>What a start throws; <see langword="null"/>: it works.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Whether standbys that are started get no processor until <see cref="LetRun"/>.</summary>
    public bool HoldsBack { get; set; }

    /// <summary>How often a standby was to be started.</summary>
    public int Tries => Volatile.Read(ref _tries);

    /// <summary>The standbys that were started.</summary>
    public IEnumerable<Thread> Standbys => _standbys;

    /// <summary>The failures that were reported.</summary>
    public IEnumerable<Exception> Reports => _reports;

    public ThreadStarter CreateStarter() => new(_reports.Enqueue, Start, _clock);

    public void LetRun()
    {
        HoldsBack = false;
        foreach (Thread thread in _standbys.Where(thread => thread.ThreadState.HasFlag(ThreadState.Unstarted)))
        {
            thread.UnsafeStart();
        }
    }

    public void PassTime(TimeSpan time) => _clock.Advance(time);

    private void Start(Thread thread)
    {
        if (thread.Name == "epoll-standby")
        {
            Interlocked.Increment(ref _tries);
            if (Failure is not null)
            {
                throw Failure;
            }

            _standbys.Enqueue(thread);
            if (HoldsBack)
            {
                return;
            }
        }

        thread.UnsafeStart();
    }

    private sealed class ManualClock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _now);

        public void Advance(TimeSpan time) => Interlocked.Add(ref _now, time.Ticks);
    }
}
