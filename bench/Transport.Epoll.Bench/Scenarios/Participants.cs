using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Scenarios;

/// <summary>Who takes part in a scenario, and who does not and why.</summary>
internal sealed record Participants(IReadOnlyList<Contender> Contenders, IReadOnlyList<string> LeftOut)
{
    /// <param name="options">Who was named on the command line.</param>
    /// <param name="needs">What the scenario asks of a server.</param>
    /// <param name="loops">The number of loops that the scenario gives to those without one of their own.</param>
    /// <param name="withPeers">Whether other servers take part without being named.</param>
    /// <param name="only">Who takes part without being named, instead of all that are left; null for no such choice.</param>
    public static Participants Choose(BenchOptions options, Ability needs, int loops, bool withPeers, IReadOnlyList<Contender>? only = null)
    {
        var chosen = new List<Contender>();
        var leftOut = new List<string>();
        var asked = options.Contenders
            ?? only
            ?? [.. Contender.Known.Where(c => !c.IsVariant && !c.IsStack && (withPeers || !c.IsPeer) && (!c.OnlyTls || needs.HasFlag(Ability.Tls)))];
        if (options.BeforePath is not null && asked.All(c => c.Name != Contender.Before))
        {
            asked = [.. asked, Contender.Find(Contender.Before)];
        }

        foreach (var contender in asked)
        {
            var lacks = needs & ~contender.Launcher.Abilities;
            var missing = Tool.Missing(contender.Launcher.Needs).ToList();
            if (lacks != 0)
            {
                leftOut.Add($"{contender.Name} is left out: it can't do {lacks}.");
            }
            else if (missing.Count > 0)
            {
                leftOut.Add($"{contender.Name} is skipped. {Tool.Advice(missing)}");
            }
            else if (contender.Loops == loops && asked.FirstOrDefault(c => c.IsTwinOf(contender)) is { } same)
            {
                leftOut.Add($"{contender.Name} is left out: {same.Name} has {loops} here, too.");
            }
            else
            {
                chosen.Add(contender);
            }
        }

        return new Participants(chosen, leftOut);
    }
}
