namespace Transport.Epoll.Bench.Servers;

/// <summary>The limit: a bare epoll server in C that answers a canned response. Compiled on first use.</summary>
internal sealed class LimitCLauncher : ILauncher
{
    public Ability Abilities => Ability.Plaintext;

    public IEnumerable<string> Needs => ["cc"];

    public string ProbePath => "/plaintext";

    public async Task StartAsync(Contender contender, ServerSettings settings, int port, ICollection<ChildProcess> children, CancellationToken cancellation)
    {
        var program = Path.Combine(settings.Folder, "limit");
        if (!File.Exists(program))
        {
            var source = Path.Combine(AppContext.BaseDirectory, "Limits", "limit.c");
            await Tool.RunAsync("cc", ["-O2", "-Wall", "-pthread", "-o", program, source], cancellation);
        }

        children.Add(ChildProcess.Start(contender.Name, settings.Pinned, program, $"{port}", $"{settings.Workers}"));
    }
}
