using System.Diagnostics;
using System.Net;

namespace Transport.Epoll.Bench.Servers;

/// <summary>One running contender, in processes and on a port of its own. Disposing ends them. One caller at a time.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(30);

    // In the order in which they started; the one that clients talk to is the last.
    private readonly List<ChildProcess> _children = [];
    private readonly SocketsHttpHandler _handler = new() { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = ServerCertificate.IsOurs } };

    private ServerProcess(Contender contender, ServerSettings settings)
    {
        Contender = contender;
        Address = new Uri($"{settings.Scheme}://127.0.0.1:{FreePort.Find()}");
        Http = new HttpClient(_handler)
        {
            BaseAddress = Address,
            DefaultRequestVersion = settings.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromSeconds(30),
        };

        // A connection that idles in a pool would count as the server's.
        Http.DefaultRequestHeaders.ConnectionClose = settings.Http2 || !Can(Ability.Close) ? null : true;
    }

    public Contender Contender { get; }

    public Uri Address { get; }

    /// <summary>The process that clients talk to.</summary>
    public int Id => _children[^1].Id;

    public HttpClient Http { get; }

    /// <summary>All processes of this server, children of its children included.</summary>
    public IReadOnlyList<int> Processes => [.. _children.SelectMany(c => ProcFiles.Tree(c.Id))];

    public static async Task<ServerProcess> StartAsync(Contender contender, ServerSettings settings, CancellationToken cancellation)
    {
        settings = settings with { Loops = contender.Loops ?? settings.Loops };
        var server = new ServerProcess(contender, settings);
        try
        {
            await contender.Launcher.StartAsync(contender, settings, server.Address.Port, server._children, cancellation);
            await server.WaitUntilServingAsync(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public bool Can(Ability ability) => Contender.Launcher.Abilities.HasFlag(ability);

    public Usage Usage() => ProcFiles.UsageOf(Processes);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _handler.Dispose();
        foreach (var child in Enumerable.Reverse(_children))
        {
            await child.DisposeAsync();
        }

        // Not every transport takes the file with it.
        File.Delete(UnixSocket.PathOf(Address.Port));
    }

    private async Task WaitUntilServingAsync(CancellationToken cancellation)
    {
        var path = Contender.Launcher.ProbePath;
        for (var clock = Stopwatch.StartNew(); ;)
        {
            HttpStatusCode? status = null;
            try
            {
                using var response = await Http.GetAsync(path, cancellation);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }

                status = response.StatusCode;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            // nginx answers 502 until its backends listen.
            if (clock.Elapsed > s_startLimit || (status is not null and not HttpStatusCode.BadGateway) || _children.Find(c => c.HasExited) is not null)
            {
                throw new BenchException(
                    $"{Contender.Name} does not serve {Address}{(status is null ? "" : $": {path} answers {(int)status}")}.{Environment.NewLine}{string.Join(Environment.NewLine, _children.Select(c => c.Output))}");
            }

            await Task.Delay(50, cancellation);
        }
    }
}
