using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Tests.Support;

/// <summary>A server of the bench that answers every request in this process. Disposing stops it. One caller at a time.</summary>
internal sealed class InProcessLauncher(RequestDelegate answer) : ILauncher, IAsyncDisposable
{
    private WebApplication? _app;

    public Ability Abilities => Ability.Plaintext;

    public IEnumerable<string> Needs => [];

    public string ProbePath => "/";

    public Task<ServerProcess> StartAsync(string name, CancellationToken cancellation) =>
        ServerProcess.StartAsync(new Contender(name, this), new ServerSettings(null!, "", Loops: null, Http2: false, Tls: false, Pinned: false), cancellation);

    public async Task StartAsync(Contender contender, ServerSettings settings, int port, ICollection<ChildProcess> children, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        _app = builder.Build();
        _app.Run(answer);
        await _app.StartAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }
}
