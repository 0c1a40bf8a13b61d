using System.Globalization;
using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench;

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

    /// <summary>Connections per round of the churn scenario.</summary>
    public int ChurnConnections { get; init; } = 100_000;

    public static string Usage => $"""
        usage: Transport.Epoll.Bench [scenario …] [--rounds N] [--seconds N] [--contenders a,b,c]
                                     [--connections N] [--sample Sample.Web.dll]

        scenarios:   {string.Join(' ', ScenarioCatalog.Names)}
                     (without a name: {string.Join(' ', ScenarioCatalog.DefaultNames)})
        contenders:  {string.Join(' ', Contender.Known.Select(c => c.Name))}
        --rounds     interleaved rounds; 5 while working, 15 (the default of the load scenarios) for a claim
        --seconds    length of one run, from 1 to 60; the default is 3
        --connections  connections per round of churn; the default is 100000
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
                "--rounds" => options with { Rounds = Number(Value(), "--rounds", 1, 1000) },
                "--seconds" => options with { Seconds = Number(Value(), "--seconds", 1, 60) },
                "--contenders" => options with { Contenders = ParseContenders(Value()) },
                "--connections" => options with { ChurnConnections = Number(Value(), "--connections", 100, 10_000_000) },
                "--sample" => options with { SamplePath = Path.GetFullPath(Value()) },
                ['-', ..] => throw Invalid($"Unknown switch {args[i]}."),
                _ => AddScenario(args[i]),
            };
        }

        return scenarios.Count > 0 ? options : options with { Scenarios = ScenarioCatalog.DefaultNames };

        BenchOptions AddScenario(string name)
        {
            if (!ScenarioCatalog.Names.Contains(name))
            {
                throw Invalid($"Unknown scenario {name}.");
            }

            scenarios.Add(name);
            return options;
        }
    }

    private static List<Contender> ParseContenders(string list) =>
        [.. list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(name => Contender.Known.FirstOrDefault(c => c.Name == name) ?? throw Invalid($"Unknown contender {name}."))];

    private static int Number(string text, string name, int min, int max) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw Invalid($"{name} is a number from {min} to {max}, not {text}.");

    private static BenchException Invalid(string message) => new($"{message}{Environment.NewLine}{Usage}");
}
