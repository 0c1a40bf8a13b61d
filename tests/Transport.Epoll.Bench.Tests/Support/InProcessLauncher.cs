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

    public Ability Abilities => Ability.Plaintext;

    public IEnumerable<string> Needs => [];

    public string ProbePath => "/";

    /// <summary>How often it was started.</summary>
    public int Starts => _apps.Count;

    public static ServerSettings Settings { get; } = new(null!, "", Loops: null, Http2: false, Tls: false, Pinned: false);

    public Task<ServerProcess> StartAsync(string name, CancellationToken cancellation) =>
        ServerProcess.StartAsync(new Contender(name, this), Settings, cancellation);

    public async Task StartAsync(Contender contender, ServerSettings settings, int port, ICollection<ChildProcess> children, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
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
    }
}
