namespace Transport.Epoll.Bench.Servers;

/// <summary>The sample app on one of its transports: the same binary and the same app for all of them, but for ours of another commit.</summary>
/// <param name="mayBlock">Whether the transport can serve a handler that waits for its own body: always inline, it never gets there.</param>
/// <param name="transport">The arguments that choose it.</param>
internal sealed class SampleLauncher(bool mayBlock, params string[] transport) : ILauncher
{
    /// <summary>A variable of the environment that the process gets, as <c>NAME=value</c>.</summary>
    public string? Variable { get; init; }

    /// <summary>Whether the sample is that of another commit.</summary>
    public bool IsBefore { get; init; }

    public Ability Abilities => Ability.Sample | Ability.UnixSocket | Ability.Database | Ability.Extras | (mayBlock ? Ability.SyncOverAsync : 0);

    public IEnumerable<string> Needs => [];

    public string ProbePath => "/info";

    public static SampleLauncher Epoll(string scheduling, bool isBefore = false) =>
        new(scheduling != "Inline", "--transport", "epoll", "--scheduling", scheduling) { IsBefore = isBefore };

    public Task StartAsync(Contender contender, ServerSettings settings, int port, ICollection<ChildProcess> children, CancellationToken cancellation)
    {
        children.Add(Start(contender.Name, settings, port));
        return Task.CompletedTask;
    }

    public ChildProcess Start(string name, ServerSettings settings, int port)
    {
        List<string> arguments = [IsBefore ? settings.Sample.BeforePath! : settings.Sample.AssemblyPath, .. transport, "--Kestrel:Endpoints:Http:Url", $"{settings.Scheme}://127.0.0.1:{port}"];
        if (settings.Unix is not UnixEndpoint.None)
        {
            // The sample tells by its name what the endpoint speaks.
            arguments.AddRange([$"--Kestrel:Endpoints:{(settings.Unix is UnixEndpoint.Lines ? "Lines" : "Unix")}:Url", $"http://unix:{UnixSocket.PathOf(port)}"]);
        }

        if (settings.Loops is { } loops)
        {
            arguments.AddRange(["--loops", $"{loops}"]);
        }

        if (settings.Http2)
        {
            arguments.AddRange(["--Kestrel:EndpointDefaults:Protocols", "Http2"]);
        }

        if (settings.Tls)
        {
            // The certificate that nginx serves too.
            var (certificate, key) = ServerCertificate.Files(settings);
            arguments.AddRange(["--Kestrel:Certificates:Default:Path", certificate, "--Kestrel:Certificates:Default:KeyPath", key]);
        }

        // A file is made with the first request to a database route only.
        arguments.AddRange(settings.Database is { } database
            ? ["--ConnectionStrings:MariaDb", database.ConnectionString]
            : ["--ConnectionStrings:Sqlite", $"Data Source={Path.Combine(settings.Folder, "sample.db")}"]);

        if (settings.Extras)
        {
            arguments.AddRange(["--Sample:Files", SampleFiles.FolderIn(settings.Folder), "--Sample:Grpc", "true"]);
        }

        if (settings.Limit is { } limit)
        {
            arguments.AddRange(["--Sample:MaxRequests", $"{limit}"]);
        }

        return Variable is null
            ? ChildProcess.Start(name, settings.Pinned, "dotnet", arguments)
            : ChildProcess.Start(name, settings.Pinned, "env", [Variable, "dotnet", .. arguments]); // env becomes what it starts: the process is the server's
    }
}
