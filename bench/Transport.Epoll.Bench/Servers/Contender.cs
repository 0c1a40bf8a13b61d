namespace Transport.Epoll.Bench.Servers;

/// <summary>Somebody who takes part. The sample's contenders are the same binary and the same app; only the transport differs.</summary>
/// <param name="Name">The name on the command line and in the tables.</param>
/// <param name="Launcher">How it is started.</param>
/// <param name="IsPeer">Another server altogether: takes part where a scenario says so, or when it is named.</param>
/// <param name="IsStack">A peer that takes part in the comparison of stacks, or when it is named.</param>
/// <param name="Loops">A number of loops of its own, whatever the scenario says; null takes the scenario's.</param>
internal sealed record Contender(string Name, ILauncher Launcher, bool IsPeer = false, bool IsStack = false, int? Loops = null)
{
    /// <summary>Every ratio is taken against this one.</summary>
    public const string Baseline = "sockets";

    /// <summary>The same as the baseline, in a second process: its ratio shows the noise of the machine.</summary>
    public const string Control = "sockets-control";

    /// <summary>The default mode, and what it is to be as fast as while no handler blocks.</summary>
    public const string Auto = "epoll-auto";

    /// <summary>The same as the default mode, in a second process.</summary>
    public const string AutoControl = "epoll-auto-control";

    /// <summary>The default mode of another commit.</summary>
    public const string Before = "epoll-auto-before";

    public const string Inline = "epoll-inline";

    /// <summary>The default mode with <c>UseEpollHttps</c> in the place of <c>UseHttps</c>.</summary>
    public const string Https = "epoll-auto-https";

    /// <summary>Whether it differs from another one in who speaks TLS only: takes part where TLS is spoken.</summary>
    public bool OnlyTls { get; init; }

    /// <summary>Whether it takes part only when it is named, though it has no number of loops of its own.</summary>
    public bool OnlyNamed { get; init; }

    /// <summary>Another one with other settings: takes part only when it is named.</summary>
    public bool IsVariant => Loops is not null || OnlyNamed;

    private static readonly SampleLauncher s_auto = SampleLauncher.Epoll("Auto");

    public static IReadOnlyList<Contender> Known { get; } =
    [
        new(Baseline, new SampleLauncher(mayBlock: true, "--transport", "sockets")),
        new(Control, new SampleLauncher(mayBlock: true, "--transport", "sockets")),
        new("sockets-nospin", new SampleLauncher(mayBlock: true, "--transport", "sockets") { Variable = "DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=0" }) { OnlyNamed = true },
        new("sockets-inline", new SampleLauncher(mayBlock: false, "--transport", "sockets-inline")),
        new(Auto, s_auto),
        new(Https, new SampleLauncher(mayBlock: true, "--transport", "epoll", "--scheduling", "Auto", "--https", "epoll")) { OnlyTls = true },
        new("sockets-https", new SampleLauncher(mayBlock: true, "--transport", "sockets", "--https", "epoll")) { OnlyTls = true, OnlyNamed = true },
        new(Inline, SampleLauncher.Epoll("Inline")),
        new("epoll-threadpool", SampleLauncher.Epoll("ThreadPool")),
        new($"{Auto}-loops1", s_auto, Loops: 1),
        new($"{Auto}-loops2", s_auto, Loops: 2),
        new($"{Auto}-loops16", s_auto, Loops: 16),
        new(AutoControl, s_auto) { OnlyNamed = true },
        new(Before, SampleLauncher.Epoll("Auto", isBefore: true)) { OnlyNamed = true },
        new("limit-transport", new LimitLauncher("transport"), IsPeer: true),
        new("limit-loop", new LimitLauncher("loop"), IsPeer: true),
        new("limit-c", new LimitCLauncher(), IsPeer: true),
        new("nginx", new NginxLauncher(), IsPeer: true),
        new("nginx-sample", new NginxLauncher(new SampleBackend()), IsPeer: true),
        new("nginx-tornado", new NginxLauncher(new TornadoBackend("/usr/bin/python3", "MySQLdb")), IsPeer: true),
        new("nginx-tornado-pypy", new NginxLauncher(new TornadoBackend("/usr/bin/pypy3", "pymysql")), IsPeer: true, IsStack: true),
        new("nginx-lua", new NginxLuaLauncher(), IsPeer: true, IsStack: true),
        new("go", new GoLauncher(), IsPeer: true, IsStack: true),
    ];

    /// <summary>What one would run instead, and ours alone and behind nginx.</summary>
    public static IReadOnlyList<Contender> Stacks { get; } =
        [.. ((string[])[Baseline, Control, Auto, "nginx-sample", "nginx-tornado", "nginx-tornado-pypy", "nginx-lua", "go"]).Select(Find)];

    /// <summary>Ours beside Kestrel's own transport, and the noise.</summary>
    public static IReadOnlyList<Contender> Transports { get; } = [.. ((string[])[Baseline, Control, Auto]).Select(Find)];

    public static Contender Find(string name) => Known.Single(c => c.Name == name);

    /// <summary>Whether the number of loops is all that tells <paramref name="variant"/> from this one.</summary>
    public bool IsTwinOf(Contender variant) => !IsVariant && variant.IsVariant && Launcher == variant.Launcher;

    /// <summary>The order of the tables.</summary>
    public static int Order(string name) => Known.ToList().FindIndex(c => c.Name == name);
}
