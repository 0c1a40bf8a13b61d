namespace Transport.Epoll.Bench.Servers;

/// <summary>nginx: serving the same answers by itself, or in front of one backend process for each processor.</summary>
internal sealed class NginxLauncher(IBackend? backend = null) : ILauncher
{
    public Ability Abilities => backend?.Abilities ?? Ability.Static;

    public IEnumerable<string> Needs => ["nginx", .. backend?.Needs ?? []];

    public string ProbePath => "/plaintext";

    public async Task StartAsync(Contender contender, ServerSettings settings, int port, ICollection<ChildProcess> children, CancellationToken cancellation)
    {
        var folder = Directory.CreateDirectory(Path.Combine(settings.Folder, $"nginx-{port}")).FullName;
        var backends = new List<(int Port, ChildProcess Process)>();
        for (var i = 0; backend is not null && i < settings.Processors; i++)
        {
            var backendPort = FreePort.Find();
            backends.Add((backendPort, backend.Start($"{contender.Name}, backend {i + 1}", settings, backendPort)));
            children.Add(backends[i].Process);
        }

        // Before nginx: a probe through nginx would be answered as soon as one of them serves.
        foreach (var (backendPort, process) in backends)
        {
            await ListeningPort.WaitAsync(backendPort, process, cancellation);
        }

        var configuration = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(configuration, NginxConfiguration.Write(folder, settings, port, [.. backends.Select(b => b.Port)]), cancellation);
        if (backend is null)
        {
            WriteDownloads(Directory.CreateDirectory(Path.Combine(folder, "download")).FullName);
        }

        children.Add(ChildProcess.Start(contender.Name, settings.Pinned, Tool.Find("nginx")!, "-p", folder, "-c", configuration, "-g", "daemon off;"));
    }

    /// <summary>The bytes of the sample's <c>/download</c>.</summary>
    private static void WriteDownloads(string folder)
    {
        const int ChunkSize = 64 * 1024;
        foreach (var size in (int[])[16 * 1024, 1024 * 1024])
        {
            var content = new byte[size];
            for (var i = 0; i < size; i++)
            {
                content[i] = (byte)('a' + (i % ChunkSize % 26));
            }

            File.WriteAllBytes(Path.Combine(folder, $"{size}"), content);
        }
    }
}
