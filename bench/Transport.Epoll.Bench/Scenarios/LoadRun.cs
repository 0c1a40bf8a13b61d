namespace Transport.Epoll.Bench.Scenarios;

/// <summary>One run of one contender, as it is kept. <paramref name="CpuMicroseconds"/> is user and system time per request.</summary>
internal sealed record LoadRun(
    string Contender,
    int Round,
    long Requests,
    double Seconds,
    double RequestsPerSecond,
    double CpuMicroseconds,
    long Errors,
    double? P50Milliseconds,
    double? P99Milliseconds);
