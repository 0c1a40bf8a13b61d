using System.Diagnostics;

namespace Transport.Epoll.Bench;

/// <summary>Finds commands, and runs one to its end. Ends it when cancelled. Any thread.</summary>
internal static class Tool
{
    private static readonly Dictionary<string, string> s_debianPackages = new()
    {
        ["wrk"] = "wrk",
        ["h2load"] = "nghttp2-client",
        ["strace"] = "strace",
        ["taskset"] = "util-linux",
        ["nginx"] = "nginx-light",
        ["/usr/include/openssl/ssl.h"] = "libssl-dev",
        ["slowhttptest"] = "slowhttptest",
        ["cc"] = "gcc",
        ["/usr/bin/python3"] = "python3",
        ["/usr/lib/python3/dist-packages/tornado"] = "python3-tornado",
        ["/usr/lib/python3/dist-packages/django"] = "python3-django",
        ["/usr/lib/python3/dist-packages/MySQLdb"] = "python3-mysqldb",
        ["/usr/lib/python3/dist-packages/pymysql"] = "python3-pymysql",
        ["/usr/bin/pypy3"] = "pypy3",
        ["/usr/lib/nginx/modules/ndk_http_module.so"] = "libnginx-mod-http-ndk",
        ["/usr/lib/nginx/modules/ngx_http_lua_module.so"] = "libnginx-mod-http-lua",
        [Servers.NginxLuaLauncher.LuaSql] = "lua-sql-mysql",
        ["go"] = "golang-go",
        ["/usr/share/gocode/src/github.com/go-sql-driver/mysql"] = "golang-github-go-sql-driver-mysql-dev",
        ["mariadbd"] = "mariadb-server",
        ["mariadb"] = "mariadb-client",
    };

    /// <summary>The full path of a command; null if it is not installed.</summary>
    public static string? Find(string tool)
    {
        // Daemons are not on the PATH of everybody.
        var directories = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':');
        return directories.Select(d => Path.Combine(d, tool)).FirstOrDefault(Path.Exists);
    }

    public static IEnumerable<string> Missing(IEnumerable<string> tools) => tools.Distinct().Where(tool => Find(tool) is null);

    /// <summary>The line that says what to install.</summary>
    public static string Advice(IEnumerable<string> missing) =>
        $"Missing {string.Join(", ", missing)}: sudo apt-get install {string.Join(' ', missing.Select(m => s_debianPackages[m]))}";

    /// <summary>Fails with one line that says what to install.</summary>
    public static void Require(IEnumerable<string> tools)
    {
        var missing = Missing(tools).ToList();
        if (missing.Count > 0)
        {
            throw new BenchException(Advice(missing));
        }
    }

    public static async Task<string> RunAsync(string file, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        using var process = Process.Start(start) ?? throw new BenchException($"{file} did not start.");
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            if (process.ExitCode != 0)
            {
                throw new BenchException($"{file} {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}:{Environment.NewLine}{await output}{await errors}");
            }

            return await output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
