namespace Transport.Epoll.Tests.Connections.Properties;

internal enum StepKind
{
    ClientSends,
    ClientReceives,
    ServerReads,
    ServerStartsRead,
    ServerExamines,
    ServerWrites,
    ServerFlushes,
    CancelRead,
    CancelFlush,
    ClientFin,
    CompleteOutput,
    CompleteInput,
    Dispose,
    Abort,
    ClientReset,
}

/// <summary>One thing that the client, the application or another thread does. <paramref name="Size"/> is in bytes where that says something.</summary>
internal readonly record struct Step(StepKind Kind, int Size)
{
    /// <summary>How often each kind is drawn: mostly bytes, seldom an end, so that sequences get somewhere.</summary>
    private static readonly StepKind[] Weighted =
    [
        .. Enumerable.Repeat(StepKind.ClientSends, 16), .. Enumerable.Repeat(StepKind.ClientReceives, 12), .. Enumerable.Repeat(StepKind.ServerReads, 12),
        .. Enumerable.Repeat(StepKind.ServerStartsRead, 6), .. Enumerable.Repeat(StepKind.ServerExamines, 4), .. Enumerable.Repeat(StepKind.ServerWrites, 16),
        .. Enumerable.Repeat(StepKind.ServerFlushes, 8), .. Enumerable.Repeat(StepKind.CancelRead, 4), .. Enumerable.Repeat(StepKind.CancelFlush, 4),
        StepKind.ClientFin, StepKind.CompleteOutput, StepKind.CompleteInput, StepKind.Dispose, StepKind.Abort, StepKind.ClientReset,
    ];

    public static int Kinds => Weighted.Length;

    public static Step Of(int kind, int size) => new(Weighted[kind], size);

    public override string ToString() => $"{Kind}({Size})";
}

/// <summary>One test case: what is done, in order, and how the kernel behaves meanwhile.</summary>
internal sealed record Scenario(Step[] Steps, int KernelSeed, int FaultOneIn)
{
    /// <summary>Smaller ones: half of the steps, then one step less; a failing case shrinks to what it takes.</summary>
    public IEnumerable<Scenario> Shrink()
    {
        int half = Steps.Length / 2;
        if (half > 0)
        {
            yield return this with { Steps = Steps[..half] };
            yield return this with { Steps = Steps[half..] };
        }

        if (FaultOneIn > 0)
        {
            yield return this with { FaultOneIn = 0 };
        }

        for (int i = 0; i < Steps.Length; i++)
        {
            yield return this with { Steps = [.. Steps[..i], .. Steps[(i + 1)..]] };
        }
    }

    public override string ToString() => $"kernel seed {KernelSeed}, one call in {FaultOneIn} fails: {string.Join(", ", Steps)}";
}
