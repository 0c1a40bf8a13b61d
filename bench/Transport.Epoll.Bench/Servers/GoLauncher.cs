namespace Transport.Epoll.Bench.Servers;

/// <summary>Go's net/http. Compiled on first use, against Debian's packages.</summary>
internal sealed class GoLauncher : ILauncher
{
    private const string Packages = "/usr/share/gocode";

    public Ability Abilities => Ability.Json | Ability.Close | Ability.Database;

    public IEnumerable<string> Needs => ["go", $"{Packages}/src/github.com/go-sql-driver/mysql"];

    public string ProbePath => "/plaintext";

    public async Task StartAsync(Contender contender, ServerSettings settings, int port, ICollection<ChildProcess> children, CancellationToken cancellation)
    {
        var program = Path.Combine(settings.Folder, "go-contender");
        if (!File.Exists(program))
        {
            var source = Path.Combine(Repository.Root, "bench/contenders/go/main.go");
            await Tool.RunAsync("env", ["GO111MODULE=off", $"GOPATH={Packages}", "go", "build", "-o", program, source], cancellation);
        }

        string?[] arguments = [$"{port}", settings.Database is { } database ? $"{database.Port}" : null, settings.Limit is { } limit ? $"{limit}" : null];
        children.Add(ChildProcess.Start(contender.Name, settings.Pinned, program, arguments.OfType<string>()));
    }
}
