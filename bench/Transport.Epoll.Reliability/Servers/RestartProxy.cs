using System.Net;
using Transport.Epoll.Bench;
using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Reliability.Servers;

/// <summary>nginx in front of servers on unix sockets, with its default of asking another one after an error (<c>proxy_next_upstream error timeout</c>).</summary>
internal sealed class RestartProxy : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private RestartProxy(ChildProcess process, int port)
    {
        _process = process;
        Address = $"http://127.0.0.1:{port}/plaintext";
    }

    public string Address { get; }

    public static async Task<RestartProxy> StartAsync(string folder, IEnumerable<string> sockets, bool retry, CancellationToken cancellation)
    {
        var port = FreePort.Find();
        var file = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(file, Configuration(port, sockets, retry), cancellation);
        var process = ChildProcess.Start("nginx", pinned: false, Tool.Find("nginx")!, "-p", folder, "-c", file, "-g", "daemon off;");
        await ListeningPort.WaitAsync(port, process, cancellation);
        return new RestartProxy(process, port);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    // max_fails=0: after one failure a server would rest for ten seconds, and with the next restart both of them: 502 without a single try.
    private static string Configuration(int port, IEnumerable<string> sockets, bool retry) => $$"""
        {{(Environment.UserName == "root" ? "user root;" : "")}}
        worker_processes 1;
        pid nginx.pid;
        error_log stderr crit;
        events { worker_connections 1000; }
        http {
            access_log off;
            keepalive_requests 1000000000;
            client_body_temp_path temp-body; proxy_temp_path temp-proxy; fastcgi_temp_path temp-fastcgi; uwsgi_temp_path temp-uwsgi; scgi_temp_path temp-scgi;
            upstream backends { {{string.Concat(sockets.Select(s => $"server unix:{s} max_fails=0; "))}} }
            server {
                listen {{IPAddress.Loopback}}:{{port}};
                location / { proxy_pass http://backends; {{(retry ? "" : "proxy_next_upstream off;")}} }
            }
        }
        """;
}
