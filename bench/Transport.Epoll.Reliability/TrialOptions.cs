using System.Globalization;
using Transport.Epoll.Bench;

namespace Transport.Epoll.Reliability;

/// <summary>The command line, checked.</summary>
internal sealed record TrialOptions(IReadOnlyList<ITrial> Trials, IReadOnlyList<string> Transports, string? Scheduling, int? Times, TimeSpan? Length, string? Charts, string? Sample, bool NoRetry, bool Unix)
{
    public static string Usage => $"""
        Does hostile, heavy and abrupt things to the sample and counts what gets lost. Exits with 1 if anything does.

          dotnet run -c Release --project bench/Transport.Epoll.Reliability -- TRIAL... [switches]
          dotnet run -c Release --project bench/Transport.Epoll.Reliability -- list

          --times N           how often, instead of the trial's own number
          --minutes M         length of the soak (default: 30)
          --transport A,B     epoll, sockets or both after each other (default: epoll)
          --scheduling NAME   Auto, Inline or ThreadPool (default: the transport's own)
          --charts FOLDER     where the soak's chart goes
          --no-retry          rolling-restart: proxy_next_upstream off
          --unix              {UnixTrials}: the server listens on a unix socket
          --sample FILE       another build of Sample.Web.dll
        """;

    private static string UnixTrials => string.Join(", ", TrialCatalog.All.Where(t => t.AllowsUnix).Select(t => t.Name));

    public static TrialOptions Parse(string[] args)
    {
        var options = new TrialOptions([], ["epoll"], null, null, null, null, null, NoRetry: false, Unix: false);
        for (var i = 0; i < args.Length; i++)
        {
            string Value() => ++i < args.Length ? args[i] : throw new BenchException($"{args[i - 1]} needs a value. See --help.");
            options = args[i] switch
            {
                "--times" => options with { Times = (int)Number(Value(), 1, 1_000_000) },
                "--minutes" => options with { Length = TimeSpan.FromMinutes(Number(Value(), 0.05, 10_000)) },
                "--transport" => options with { Transports = Value().Split(',') },
                "--scheduling" => options with { Scheduling = Value() },
                "--charts" => options with { Charts = Value() },
                "--sample" => options with { Sample = Path.GetFullPath(Value()) },
                "--no-retry" => options with { NoRetry = true },
                "--unix" => options with { Unix = true },
                "all" => options with { Trials = TrialCatalog.All },
                var name when !name.StartsWith('-') => options with { Trials = [.. options.Trials, TrialCatalog.Find(name)] },
                var other => throw new BenchException($"There is no switch {other}. See --help."),
            };
        }

        if (options.Unix && options.Trials.FirstOrDefault(t => !t.AllowsUnix) is { } refusing)
        {
            throw new BenchException($"{refusing.Name} can't be done with --unix; allowed are {UnixTrials}.");
        }

        return options.Trials.Count > 0 ? options : throw new BenchException("No trial is named. See --help and list.");
    }

    public TrialContext Context(string transport, string folder)
    {
        var context = new TrialContext(transport, transport == "epoll" ? Scheduling : null, folder) { Times = Times, Charts = Charts, NoRetry = NoRetry, Unix = Unix };
        context = Length is { } length ? context with { Length = length } : context;
        return Sample is { } sample ? context with { Sample = sample } : context;
    }

    private static double Number(string text, double min, double max) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new BenchException(FormattableString.Invariant($"{text} is no number from {min} to {max}."));
}
