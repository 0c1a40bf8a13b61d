namespace Transport.Epoll.Bench.Scenarios;

/// <summary>The course of a run under pressure. Times are seconds since its start. Immutable.</summary>
/// <param name="Before">Twice what the server can serve.</param>
/// <param name="Locked">Then the table of the database is locked, for so long.</param>
/// <param name="After">Then not any more, and it is still twice what it can serve.</param>
/// <param name="Calm">Then half of what it can serve.</param>
internal sealed record PressurePlan(TimeSpan Before, TimeSpan Locked, TimeSpan After, TimeSpan Calm)
{
    public static readonly PressurePlan Whole = new(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5));

    public static readonly PressurePlan Quick = new(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));

    public double PressureSeconds => (Before + Locked + After).TotalSeconds;

    public double Seconds => PressureSeconds + Calm.TotalSeconds;

    public IReadOnlyList<(TimeSpan Length, double Rate)> Phases(double capacity) => [(Before + Locked + After, 2 * capacity), (Calm, capacity / 2)];
}
