using System.Globalization;
using Transport.Epoll.Bench.Reporting;
using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench;

/// <summary>A number of loops that the command line asks for; without a count, each server's default.</summary>
internal sealed record LoopChoice(int? Count);

/// <summary>What the command line asks for. Immutable.</summary>
internal sealed record BenchOptions
{
    public required IReadOnlyList<string> Scenarios { get; init; }

    /// <summary>Interleaved rounds; null leaves the number to the scenario.</summary>
    public int? Rounds { get; init; }

    /// <summary>Length of one run under load.</summary>
    public int Seconds { get; init; } = 3;

    /// <summary>Contenders in the order of the first round; null leaves the choice to the scenario.</summary>
    public IReadOnlyList<Contender>? Contenders { get; init; }

    /// <summary>A built Sample.Web.dll to use as it is, instead of building the one of this repository.</summary>
    public string? SamplePath { get; init; }

    /// <summary>The Sample.Web.dll of another commit, which takes part as <see cref="Contender.Before"/>.</summary>
    public string? BeforePath { get; init; }

    /// <summary>Connections per round of the leak scenario.</summary>
    public int LeakConnections { get; init; } = 100_000;

    /// <summary>Wins over the scenario's number of loops.</summary>
    public LoopChoice? Loops { get; init; }

    /// <summary>A look at whether everything works, not at figures.</summary>
    public bool Quick { get; init; }

    /// <summary>Servers on processor 0, everything else on processor 1.</summary>
    public bool Pinned { get; init; }

    /// <summary>Only what has a bound in bounds.json, as short as with <see cref="Quick"/>, and fail where it is exceeded.</summary>
    public bool Check { get; init; }

    /// <summary>Also count system calls, in runs of their own.</summary>
    public bool SystemCalls { get; init; }

    public static string Usage => $"""
        usage: Transport.Epoll.Bench [scenario …] [--quick] [--pinned] [--check] [--syscalls] [--rounds N] [--seconds N]
                                     [--contenders a,b,c|all] [--loops N|default] [--connections N] [--sample Sample.Web.dll] [--before Sample.Web.dll]

        scenarios:   {string.Join(' ', ScenarioCatalog.Names)}
                     ({StackScenarios.Group}: {string.Join(' ', StackScenarios.Names)})
                     (without a name: all but {string.Join(' ', ScenarioCatalog.Names.Except(ScenarioCatalog.DefaultNames))})
        contenders:  {string.Join(' ', Contender.Known.Select(c => c.Name))}
                     (all: but {string.Join(' ', Contender.Known.Where(c => c.IsVariant).Select(c => c.Name))})
        --quick      one round, as short as the scenario allows: whether everything works
        --pinned     servers on processor 0, load on processor 1
        --check      the scenarios with a bound in bench/bounds.json, five short rounds; exits with 1 when a figure is worse than its bound
        --syscalls   also counts system calls per request (strace), in a run of its own
        --rounds     interleaved rounds; 5 while working, 15 (the default of most scenarios) for a claim
        --seconds    length of one run, from 1 to 60; the default is 3, some scenarios need more
        --loops      event loops, instead of the number that the scenario says
        --sample     a built sample, instead of this repository's
        --before     that of another commit, which takes part too, as {Contender.Before}
        --connections  connections per round of leak; the default is 100000
        """;

    public static BenchOptions Parse(string[] args)
    {
        var scenarios = new List<string>();
        var options = new BenchOptions { Scenarios = scenarios };
        for (var i = 0; i < args.Length; i++)
        {
            string Value() => ++i < args.Length ? args[i] : throw Invalid($"{args[i - 1]} needs a value.");

            options = args[i] switch
            {
                "--quick" => options with { Quick = true, Rounds = options.Rounds ?? 1, Seconds = 1 },
                "--pinned" => options with { Pinned = Environment.ProcessorCount > 1 ? true : throw Invalid("--pinned needs two processors.") },
                "--check" => options with { Check = true, Rounds = options.Rounds ?? 5, Seconds = 1 },
                "--syscalls" => options with { SystemCalls = true },
                "--rounds" => options with { Rounds = Number(Value(), "--rounds", 1, 1000) },
                "--seconds" => options with { Seconds = Number(Value(), "--seconds", 1, 60) },
                "--contenders" => options with { Contenders = ParseContenders(Value()) },
                "--loops" => options with { Loops = Value() is "default" ? new LoopChoice(null) : new LoopChoice(Number(args[i], "--loops", 1, 1024)) },
                "--connections" => options with { LeakConnections = Number(Value(), "--connections", 100, 10_000_000) },
                "--sample" => options with { SamplePath = Path.GetFullPath(Value()) },
                "--before" => options with { BeforePath = Path.GetFullPath(Value()) },
                ['-', ..] => throw Invalid($"Unknown switch {args[i]}."),
                _ => AddScenario(args[i]),
            };
        }

        if (options.BeforePath is null && options.Contenders?.Any(c => c.Name == Contender.Before) == true)
        {
            throw Invalid($"{Contender.Before} needs --before.");
        }

        return options.Check ? options with { Scenarios = Bounds.ScenariosToCheck(scenarios, options.Pinned) }
            : scenarios.Count > 0 ? options
            : options with { Scenarios = ScenarioCatalog.DefaultNames };

        BenchOptions AddScenario(string name)
        {
            if (name == StackScenarios.Group)
            {
                scenarios.AddRange(StackScenarios.Names);
                return options;
            }

            if (!ScenarioCatalog.Names.Contains(name))
            {
                throw Invalid($"Unknown scenario {name}.");
            }

            scenarios.Add(name);
            return options;
        }
    }

    /// <summary>Always with the baseline and its control: a figure without them says nothing.</summary>
    private static List<Contender> ParseContenders(string list)
    {
        string[] names = list == "all" ? [.. Contender.Known.Where(c => !c.IsVariant).Select(c => c.Name)]
            : [Contender.Baseline, Contender.Control, .. list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        return [.. names.Distinct().Select(name => Contender.Known.FirstOrDefault(c => c.Name == name) ?? throw Invalid($"Unknown contender {name}."))];
    }

    private static int Number(string text, string name, int min, int max) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw Invalid($"{name} is a number from {min} to {max}, not {text}.");

    private static BenchException Invalid(string message) => new($"{message}{Environment.NewLine}{Usage}");
}
