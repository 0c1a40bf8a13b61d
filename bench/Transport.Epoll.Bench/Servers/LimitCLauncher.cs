namespace Transport.Epoll.Bench.Servers;

/// <summary>The limit: a bare epoll server in C that answers a canned response. Compiled on first use.</summary>
internal sealed class LimitCLauncher : ILauncher
{
    public Ability Abilities => Ability.Plaintext;

    public IEnumerable<string> Needs => ["cc"];

    public string ProbePath => "/plaintext";

    public async Task StartAsync(Contender contender, ServerSettings settings, int port, ICollection<ChildProcess> children, CancellationToken cancellation)
    {
        var program = await CProgram.BuildAsync("Limits/limit.c", cancellation);
        children.Add(ChildProcess.Start(contender.Name, settings.Pinned, program, $"{port}", $"{settings.Workers}"));
    }
}
