namespace Transport.Epoll.Reliability;

/// <summary>Something hostile, heavy or abrupt that is done to a server, and a count of what got lost by it.</summary>
internal interface ITrial
{
    /// <summary>The name on the command line and in the table.</summary>
    string Name { get; }

    /// <summary>One line for <c>list</c>.</summary>
    string Summary { get; }

    /// <summary>How often it is done unless <c>--times</c> says otherwise.</summary>
    int DefaultTimes { get; }

    /// <summary>Commands that it runs.</summary>
    IEnumerable<string> Tools { get; }

    /// <summary>Whether it can be done to a server on a unix socket (<c>--unix</c>).</summary>
    bool AllowsUnix => false;

    Task<TrialResult> RunAsync(TrialContext context, CancellationToken cancellation);
}
