using Transport.Epoll.EventLoops;
using Transport.Epoll.Scheduling;

namespace Transport.Epoll.Tests.Auto.Stress;

/// <summary>
/// Takes loops over as the watchdog does, but from callbacks that did nothing wrong and at random moments: from a thread of its own, so at any point of a
/// callback or at its boundaries, from inside callbacks, and before large sends, which are part of a callback.
/// </summary>
internal sealed class LoopTaker : IDisposable
{
    /// <summary>One in so many callbacks takes its own loop over.</summary>
    private const int InsideOneIn = 1000;

    /// <summary>One in so many callbacks stays so long that the taker meets it in the middle.</summary>
    private const int LongerOneIn = 100;

    /// <summary>One in so many callbacks looks at another loop, which it takes over if it is in a callback just then.</summary>
    private const int OutsideOneIn = 100;

    /// <summary>One in so many large sends that a callback makes has its loop taken over.</summary>
    private const int SendOneIn = 20;

    private const int LooksPerRound = 2_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    private readonly EventLoop[] _loops;
    private readonly LoopWatchdog _watchdog;
    private readonly DriverThreads _threads;
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;
    private long _fromOutside;
    private long _fromInside;
    private long _fromSends;

    public LoopTaker(EventLoopGroup group)
    {
        _loops = group.Loops.ToArray();
        _watchdog = new LoopWatchdog(group.Auto!, _loops);
        _threads = group.Threads;
        _thread = new Thread(Run) { IsBackground = true, Name = "taker" };
    }

    public long FromOutside => Interlocked.Read(ref _fromOutside);

    /// <summary>How often the number of threads that serve the loops together was changed.</summary>
    public long Changes { get; private set; }

    /// <summary>How often it was drawn.</summary>
    public long Rounds { get; private set; }

    public long FromInside => Interlocked.Read(ref _fromInside);

    public long FromSends => Interlocked.Read(ref _fromSends);

    /// <summary>The application items that the loops ran: the lease counts these and take-overs in one.</summary>
    public long Callbacks => _loops.Sum(loop => loop.Lease.Word >> 2) - FromInside - FromOutside - FromSends;

    public void Start() => _thread.Start();

    /// <summary>Called by callbacks. Some have another thread take over the loop that this one drives, or drove, if it has lost it already; some look at a loop from outside.</summary>
    public void Visit(Random random)
    {
        if (random.Next(LongerOneIn) == 0)
        {
            Thread.SpinWait(random.Next(1000));
        }

        if (random.Next(InsideOneIn) == 0 && LoopThread.Driven is { } own && _watchdog.TryTakeOver(own, own.Lease.Word))
        {
            Interlocked.Increment(ref _fromInside);
        }

        if (random.Next(OutsideOneIn) == 0 && _loops[random.Next(_loops.Length)] is var other && other != LoopThread.Driven)
        {
            LookFromOutside(other, random);
        }
    }

    /// <summary>Called before large sends: some have another thread take over the loop that this one drives, or drove.</summary>
    public void VisitLargeSend()
    {
        if (LoopThread.Driven is { } own && own.Lease.Word is var word && LoopLease.IsInCallback(word)
            && Random.Shared.Next(SendOneIn) == 0 && _watchdog.TryTakeOver(own, word))
        {
            Interlocked.Increment(ref _fromSends);
        }
    }

    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
    }

    private void Run()
    {
        var random = new Random(1);
        while (!_stop.Wait(Pause))
        {
            Rounds++;
            ChangeCarriers(random);
            var loop = _loops[random.Next(_loops.Length)];
            for (var i = 0; i < LooksPerRound; i++)
            {
                if (LookFromOutside(loop, random))
                {
                    break;
                }
            }
        }
    }

    private void ChangeCarriers(Random random)
    {
        if (_threads.Carriers is not { } carriers)
        {
            return;
        }

        var before = carriers.Wanted;
        carriers.Wanted = 1 + random.Next(_loops.Length);
        Changes += before == carriers.Wanted ? 0 : 1;
        while (carriers.Active < carriers.Wanted && carriers.TryAdd(_threads))
        {
        }
    }

    private bool LookFromOutside(EventLoop loop, Random random)
    {
        var word = loop.Lease.Word;
        if (!LoopLease.IsInCallback(word))
        {
            return false;
        }

        Thread.SpinWait(random.Next(20)); // so that it meets callbacks at any age, also at their very end
        if (!_watchdog.TryTakeOver(loop, word))
        {
            return false;
        }

        Interlocked.Increment(ref _fromOutside);
        return true;
    }
}
