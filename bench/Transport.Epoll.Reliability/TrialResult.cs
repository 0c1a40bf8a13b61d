namespace Transport.Epoll.Reliability;

/// <summary>What a trial found.</summary>
/// <param name="Tried">What was done, and how often.</param>
/// <param name="Losses">What got lost, one entry for each kind; empty if nothing did.</param>
/// <param name="Seen">Figures that are worth publishing beside it.</param>
internal sealed record TrialResult(string Tried, IReadOnlyList<string> Losses, string Seen = "");
