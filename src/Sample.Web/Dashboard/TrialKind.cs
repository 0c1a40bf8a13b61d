namespace Sample.Web.Dashboard;

/// <summary>What a visitor can have done to the server. Each is bounded in time and number.</summary>
/// <param name="Name">Its name in the address.</param>
/// <param name="Title">Its name in a sentence.</param>
/// <param name="QuickConnections">Connections that ask for <c>/plaintext</c> again and again.</param>
/// <param name="BlockingConnections">How many at a time ask for a handler that blocks, each once over a new connection: those that have blocked are slow, and run on the pool. Before it each asks quickly for a while.</param>
internal sealed record TrialKind(string Name, string Title, int QuickConnections, int BlockingConnections)
{
    /// <summary>What a blocking connection asks for, and how long it pauses before the next: there a loop has somebody else to serve.</summary>
    public const string BlockingPath = "/block/300";

    /// <summary>So often it asks for something quick before: a new connection begins on the pool while others are slow, and comes to its loop after six quick callbacks.</summary>
    public const int QuickBefore = 10;

    /// <summary>The number of quick requests after which a trial ends early.</summary>
    public const int MaxRequests = 500_000;

    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(8);

    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static IReadOnlyList<TrialKind> All { get; } = [new("load", "load", 16, 0), new("blocking", "blocking handlers", 4, 2)];
}
