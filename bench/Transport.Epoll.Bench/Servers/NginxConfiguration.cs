using System.Globalization;
using System.Text;

namespace Transport.Epoll.Bench.Servers;

/// <summary>What one nginx has of its own in nginx.conf.</summary>
/// <param name="Locations">What it answers.</param>
/// <param name="Http">Lines of block <c>http</c>.</param>
/// <param name="Main">Lines ahead of all blocks.</param>
internal sealed record NginxSite(string Locations, string Http = "", string Main = "");

/// <summary>Writes nginx.conf: connections kept for any number of requests, no access log, everything that is written below one folder.</summary>
internal static class NginxConfiguration
{
    /// <summary>nginx answers by itself.</summary>
    public const string Own = """
                location = /plaintext { default_type text/plain; return 200 'Hello, World!'; }
                location = /json { default_type application/json; return 200 '{"message":"Hello, World!"}'; }
                location /download/ { root .; default_type application/octet-stream; etag off; max_ranges 0; add_header Last-Modified ''; }
        """;

    /// <summary>Others answer.</summary>
    public const string Proxy = """
                location / {
                    proxy_pass http://backends;
                    proxy_http_version 1.1;
                    proxy_set_header Connection '';
                }
                location = /ws {
                    proxy_pass http://backends;
                    proxy_http_version 1.1;
                    proxy_set_header Connection upgrade;
                    proxy_set_header Upgrade $http_upgrade;
                }
        """;

    public static string Write(string folder, ServerSettings settings, int port, NginxSite site)
    {
        var text = new StringBuilder(site.Main);

        // The master is root in a container; its workers must read the folder all the same.
        text.AppendLine(Environment.UserName == "root" ? "user root;" : "");
        text.AppendLine($$"""
            worker_processes {{settings.Workers}};
            pid nginx.pid;
            error_log stderr crit;
            worker_rlimit_nofile 20000;
            events { worker_connections 10000; }
            http {
                access_log off;
                server_tokens off;
                sendfile on;
                tcp_nodelay on;
                keepalive_requests 1000000000;
                client_max_body_size 0;
                client_body_temp_path temp-body; proxy_temp_path temp-proxy; fastcgi_temp_path temp-fastcgi; uwsgi_temp_path temp-uwsgi; scgi_temp_path temp-scgi;
            """);
        text.AppendLine(site.Http);
        if (settings.Limit is { } limit)
        {
            // Requests in progress, of all clients together; the rest is answered 503. Not by the server's name: an empty key counts nobody.
            text.AppendLine(CultureInfo.InvariantCulture, $"    limit_conn_zone $server_port zone=all:1m; limit_conn all {limit}; limit_conn_status 503;");
        }

        text.AppendLine("    server {");
        text.AppendLine($"        listen 127.0.0.1:{port} backlog=4096 reuseport{(settings.Tls ? " ssl" : "")}{(settings.Http2 ? " http2" : "")};");
        if (settings.Tls)
        {
            var (certificate, key) = ServerCertificate.Files(settings);
            text.AppendLine($"        ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache off;");
        }

        text.AppendLine(site.Locations.Replace("root .;", $"root {folder};", StringComparison.Ordinal));
        return text.AppendLine("    }").AppendLine("}").ToString();
    }

    /// <summary>The processes behind nginx, by their ports.</summary>
    public static string Upstream(IEnumerable<int> backends)
    {
        // Without max_fails=0 one failure takes a backend out for ten seconds, and the next one all of them: 502.
        var servers = string.Concat(backends.Select(b => $"server 127.0.0.1:{b} max_fails=0; "));
        return $"    upstream backends {{ {servers} keepalive 256; keepalive_requests 1000000000; }}";
    }
}
