using Transport.Epoll.Bench.Limits;

namespace Transport.Epoll.Bench.Servers;

/// <summary>The limits on our own code: this program, started again as a server without an HTTP stack.</summary>
internal sealed class LimitLauncher(string kind) : ILauncher
{
    public Ability Abilities => Ability.Plaintext;

    public IEnumerable<string> Needs => [];

    public string ProbePath => "/plaintext";

    public Task StartAsync(Contender contender, ServerSettings settings, int port, ICollection<ChildProcess> children, CancellationToken cancellation)
    {
        var program = typeof(LimitLauncher).Assembly.Location;
        children.Add(ChildProcess.Start(contender.Name, settings.Pinned, "dotnet", program, LimitServer.Command, kind, $"{port}", $"{settings.Workers}"));
        return Task.CompletedTask;
    }
}
