using Transport.Epoll.EventLoops;

namespace Transport.Epoll;

/// <summary>The constants of <see cref="EpollScheduling.Auto"/>. They bind from <c>Kestrel:Transport:Epoll:Auto</c>.</summary>
public sealed class AutoSchedulingOptions
{
    /// <summary>
    /// How long a callback may hold up its loop before another thread takes the loop over.
    /// From 3 milliseconds to 1 minute; the default is 30 milliseconds. It is watched in ticks of a third of it, which are up to four times
    /// rarer while all callbacks are short, so a first take-over can come after twice the time.
    /// </summary>
    /// <remarks>Smaller values cost processor time for more ticks and take loops over from code that would have returned soon.</remarks>
    public TimeSpan TakeOverAfter { get; set; } = TimeSpan.FromMilliseconds(30);

    /// <summary>
    /// A callback that takes longer on its loop sends the next ones of its connection to the thread pool. Time that the thread had no
    /// processor, garbage collection and compilation do not count. One that takes up to ten times as long is forgiven if many in a row before it
    /// were quick, twenty times <see cref="QuickCallbacks"/>, if it is the first slow one of a new connection, or, a hundred times for each loop,
    /// within a second of a method's compilation; within these hundred a longer one, too, for a quarter of whose time the process compiled. From 0.1 milliseconds to 1 minute; the default is 1 millisecond.
    /// </summary>
    public TimeSpan SlowCallback { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// So many callbacks in a row that were not slow on the thread pool bring a connection back to its loop; twice as
    /// many, up to 64 times, if it was slow again soon after it came back: in fewer than twenty times as many callbacks.
    /// From 1 to 1,000,000; the default is 50.
    /// </summary>
    public int QuickCallbacks { get; set; } = 50;

    /// <summary>
    /// How long a loop leaves all callbacks to the thread pool after slow ones of many connections have filled half of its time for two seconds.
    /// The time doubles, up to 32 times, when that is soon so again, and halves when it is not.
    /// From 10 milliseconds to 10 minutes; the default is 1 second.
    /// </summary>
    public TimeSpan LoopBackOff { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a standby thread waits for the next take-over before it ends. There are at most eight for each loop and <see cref="MaxLentThreads"/> more; one for each
    /// loop stays in reserve, asleep, because a callback begins on a loop only if a thread that could take over is there. From 10 milliseconds to 1 hour; the default is 10 seconds.
    /// </summary>
    public TimeSpan StandbyIdleTime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How many standby threads, of all loops together, may run callbacks of slow connections besides the thread pool: one more for each tick of the watchdog (10 to 40 milliseconds by default) in which a
    /// callback waited for the pool all the while and the process used less than half of its processors. They go back half a second to a second after the last slow callback,
    /// or when the process uses more than three quarters. From 0, which leaves all to the pool, to 1024; the default is 64.
    /// </summary>
    /// <remarks>The pool adds a thread in place of a blocked one about every half second; its own settings stay as they are.</remarks>
    public int MaxLentThreads { get; set; } = 64;

    /// <summary>The same for the loops.</summary>
    internal AutoTimes ToTimes() => new(TakeOverAfter, SlowCallback, QuickCallbacks, LoopBackOff, StandbyIdleTime, MaxLentThreads);
}
