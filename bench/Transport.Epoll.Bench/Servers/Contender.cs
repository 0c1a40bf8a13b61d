namespace Transport.Epoll.Bench.Servers;

/// <summary>A way to run the sample: same binary, same app, only the transport differs.</summary>
internal sealed record Contender(string Name, params string[] Arguments)
{
    /// <summary>Every ratio is taken against this one.</summary>
    public const string Baseline = "sockets";

    public static IReadOnlyList<Contender> Known { get; } =
    [
        new(Baseline, "--transport", "sockets"),

        // The same as the baseline, in a second process: its ratio shows the noise of the machine.
        new("sockets-control", "--transport", "sockets"),
        new("sockets-inline", "--transport", "sockets-inline"),
        new("epoll-auto", "--transport", "epoll", "--scheduling", "Auto"),
        new("epoll-inline", "--transport", "epoll", "--scheduling", "Inline"),
        new("epoll-threadpool", "--transport", "epoll", "--scheduling", "ThreadPool"),
    ];

    public static IReadOnlyList<Contender> Defaults { get; } = [.. Known.Where(c => c.Name != "sockets-inline")];

    public static Contender Find(string name) => Known.Single(c => c.Name == name);
}
