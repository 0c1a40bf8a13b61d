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

        if (backend is null)
        {
            WriteDownloads(Directory.CreateDirectory(Path.Combine(folder, "download")).FullName);
        }

        var site = backend is null ? new NginxSite(NginxConfiguration.Own) : new NginxSite(NginxConfiguration.Proxy, NginxConfiguration.Upstream(backends.Select(b => b.Port)));
        children.Add(await StartAsync(contender.Name, settings, port, folder, site, cancellation));
    }

    /// <param name="name">Who it is, for messages.</param>
    /// <param name="settings">How it is started.</param>
    /// <param name="port">Where it listens.</param>
    /// <param name="folder">For its configuration and all that it writes; made where it is not there.</param>
    /// <param name="site">What it serves.</param>
    /// <param name="cancellation">Ends the start.</param>
    public static async Task<ChildProcess> StartAsync(string name, ServerSettings settings, int port, string folder, NginxSite site, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        var configuration = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(configuration, NginxConfiguration.Write(folder, settings, port, site), cancellation);
        return ChildProcess.Start(name, settings.Pinned, Tool.Find("nginx")!, "-p", folder, "-c", configuration, "-g", "daemon off;");
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
