namespace Transport.Epoll.Bench.Load;

/// <summary>What became of a request under pressure.</summary>
internal enum Outcome
{
    /// <summary>200.</summary>
    Served,

    /// <summary>503: the server says that it has too much to do.</summary>
    Shed,

    /// <summary>Any other status.</summary>
    Failed,

    /// <summary>It was sent, and the connection ended without an answer.</summary>
    Lost,

    /// <summary>It was sent, and there was no answer while its client had patience.</summary>
    NoAnswer,

    /// <summary>No connection was to be had.</summary>
    NotConnected,

    /// <summary>All connections were busy for as long as its client had patience.</summary>
    NeverSent,
}

/// <summary>A request under pressure.</summary>
/// <param name="Due">When its client wanted to send it, in seconds since the start.</param>
/// <param name="Wait">From then on until the answer, or until its client gave up, in seconds.</param>
/// <param name="Outcome">What became of it.</param>
internal readonly record struct PressureArrival(double Due, double Wait, Outcome Outcome)
{
    public double Done => Due + Wait;
}
