using Transport.Epoll.Scheduling;

namespace Transport.Epoll;

/// <summary>The constants of <see cref="EpollScheduling.Auto"/>. They bind from <c>Kestrel:Transport:Epoll:Auto</c>.</summary>
public sealed class AutoSchedulingOptions
{
    /// <summary>How long a standby thread beyond the reserve waits for the next take-over before it ends. It costs some 100 KB until then.</summary>
    private static readonly TimeSpan s_standbyIdle = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a callback may hold up its loop before another thread takes the loop over.
    /// From 3 milliseconds to 1 minute; the default is 30 milliseconds. It is watched in ticks of a third of it, which are up to four times
    /// rarer while all callbacks are short, so a first take-over can come after twice the time.
    /// </summary>
    /// <remarks>Smaller values cost processor time for more ticks and take loops over from code that would have returned soon.</remarks>
    public TimeSpan TakeOverAfter { get; set; } = TimeSpan.FromMilliseconds(30);

    /// <summary>
    /// A callback that takes longer on its loop sends the next ones of its connection to the thread pool, until fifty in a row were quick there; more
    /// than fifty if the connection is soon slow again. Time in which the thread had no processor does not count. If it is one of the first callbacks of a new connection, other
    /// new ones begin on the pool for ten seconds, or until a hundred of their callbacks in a row were quick there. From 0.1 milliseconds to 1 minute; the default is 1 millisecond.
    /// </summary>
    public TimeSpan SlowCallback { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// How many standby threads, of all loops together, may run callbacks of slow connections besides the thread pool: one more for each tick of the watchdog (10 to 40 milliseconds by default) in which a
    /// callback waited for the pool all the while and the process used less than half of its processors. They go back half a second to a second after the last slow callback,
    /// or when the process uses more than three quarters. From 0, which leaves all to the pool, to 1024; the default is 64.
    /// </summary>
    /// <remarks>The pool adds a thread in place of a blocked one about every half second; its own settings stay as they are.</remarks>
    public int MaxLentThreads { get; set; } = 64;

    /// <summary>So many quick callbacks in a row on the thread pool bring a connection back to its loop; tests need fewer.</summary>
    internal int QuickCallbacks { get; set; } = 50;

    /// <summary>The same for the loops.</summary>
    internal AutoTimes ToTimes() => new(TakeOverAfter, SlowCallback, QuickCallbacks, s_standbyIdle, MaxLentThreads);
}
