namespace Transport.Epoll.Bench.Servers;

/// <summary>
/// What a server has used. The resident bytes are what it holds now; the others only grow. User and system time together are exact to the nanosecond, what
/// each has of it to some 10 ms.
/// </summary>
internal readonly record struct Usage(double UserSeconds, double SystemSeconds, long VoluntarySwitches, long ResidentBytes)
{
    public double CpuSeconds => UserSeconds + SystemSeconds;

    /// <summary>What was used since an earlier reading; the resident bytes are those of now. Threads that ended meanwhile took their switches with them.</summary>
    public Usage Since(Usage earlier) => new(
        UserSeconds - earlier.UserSeconds,
        SystemSeconds - earlier.SystemSeconds,
        Math.Max(0, VoluntarySwitches - earlier.VoluntarySwitches),
        ResidentBytes);

    public static Usage operator +(Usage a, Usage b) =>
        new(a.UserSeconds + b.UserSeconds, a.SystemSeconds + b.SystemSeconds, a.VoluntarySwitches + b.VoluntarySwitches, a.ResidentBytes + b.ResidentBytes);
}
