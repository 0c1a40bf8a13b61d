using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Tests.Support;

/// <summary>A server of the bench that answers every request in this process. Disposing stops it, however often it was started. One caller at a time.</summary>
internal sealed class InProcessLauncher(RequestDelegate answer) : ILauncher, IAsyncDisposable
{
    private readonly List<WebApplication> _apps = [];
    private DirectoryInfo? _certificates;

    public Ability Abilities => Ability.Plaintext;

    public IEnumerable<string> Needs => [];

    public string ProbePath => "/";

    /// <summary>How often it was started.</summary>
    public int Starts => _apps.Count;

    public static ServerSettings Settings { get; } = new(null!, "", Loops: null, Http2: false, Tls: false, Pinned: false);

    public Task<ServerProcess> StartAsync(string name, CancellationToken cancellation) =>
        ServerProcess.StartAsync(new Contender(name, this), Settings, cancellation);

    /// <summary>The same over https.</summary>
    public Task<ServerProcess> StartTlsAsync(string name, bool rsa, CancellationToken cancellation)
    {
        _certificates ??= Directory.CreateTempSubdirectory("transport-epoll-bench-test-");
        return ServerProcess.StartAsync(new Contender(name, this), Settings with { Folder = _certificates.FullName, Tls = true, Rsa = rsa }, cancellation);
    }

    public async Task StartAsync(Contender contender, ServerSettings settings, int port, ICollection<ChildProcess> children, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"{settings.Scheme}://127.0.0.1:{port}");
        if (settings.Tls)
        {
            var (certificate, key) = ServerCertificate.Files(settings);
            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = X509Certificate2.CreateFromPemFile(certificate, key)));
        }

        var app = builder.Build();
        _apps.Add(app);
        app.Run(answer);
        await app.StartAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _apps)
        {
            await app.DisposeAsync();
        }

        _certificates?.Delete(recursive: true);
    }
}
