namespace Transport.Epoll.Scheduling;

/// <summary>The constants of the Auto mode, as the options say.</summary>
/// <param name="TakeOverAfter">How long a callback may hold up its loop.</param>
/// <param name="SlowCallback">A longer callback sends its connection to the pool.</param>
/// <param name="QuickCallbacks">So many quick callbacks in a row on the pool bring a connection back.</param>
/// <param name="StandbyIdle">How long a standby thread beyond the reserve waits for the next take-over before it ends.</param>
/// <param name="MaxLent">So many standbys may be lent to callbacks that the pool leaves waiting.</param>
internal sealed record AutoTimes(TimeSpan TakeOverAfter, TimeSpan SlowCallback, int QuickCallbacks, TimeSpan StandbyIdle, int MaxLent);
