namespace Transport.Epoll.Bench.Servers;

/// <summary>What a server has used. The resident bytes are what it holds now; the others only grow.</summary>
internal readonly record struct Usage(double UserSeconds, double SystemSeconds, long VoluntarySwitches, long ResidentBytes)
{
    public double CpuSeconds => UserSeconds + SystemSeconds;

    public static Usage operator +(Usage a, Usage b) =>
        new(a.UserSeconds + b.UserSeconds, a.SystemSeconds + b.SystemSeconds, a.VoluntarySwitches + b.VoluntarySwitches, a.ResidentBytes + b.ResidentBytes);
}
