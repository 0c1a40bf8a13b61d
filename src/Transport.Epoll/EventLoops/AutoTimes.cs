namespace Transport.Epoll.EventLoops;

/// <summary>The constants of the Auto mode, as the options say.</summary>
/// <param name="TakeOverAfter">How long a callback may hold up its loop.</param>
/// <param name="SlowCallback">A longer callback sends its connection to the pool.</param>
/// <param name="QuickCallbacks">So many quick callbacks in a row on the pool bring a connection back.</param>
/// <param name="BackOff">How long a loop whose connections are slow one after the other leaves all callbacks to the pool, the first time.</param>
/// <param name="StandbyIdle">How long a standby thread beyond the reserve waits for the next take-over before it ends.</param>
/// <param name="MaxLent">So many standbys may be lent to callbacks that the pool leaves waiting.</param>
internal sealed record AutoTimes(TimeSpan TakeOverAfter, TimeSpan SlowCallback, int QuickCallbacks, TimeSpan BackOff, TimeSpan StandbyIdle, int MaxLent)
{
    /// <summary>No number of quick callbacks makes up for one that takes longer.</summary>
    public TimeSpan LongestForgiven => 10 * SlowCallback;

    /// <summary>So many quick callbacks in a row make up for one that was slow on the loop; a new connection has one without.</summary>
    public int QuickToBeForgiven => 20 * QuickCallbacks;
}
