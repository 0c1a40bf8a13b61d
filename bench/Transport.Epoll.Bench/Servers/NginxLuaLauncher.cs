using System.Runtime.InteropServices;

namespace Transport.Epoll.Bench.Servers;

/// <summary>nginx that answers in Lua, without anybody behind it.</summary>
internal sealed class NginxLuaLauncher : ILauncher
{
    private const string Modules = "/usr/lib/nginx/modules";

    private static readonly string[] s_modules = [$"{Modules}/ndk_http_module.so", $"{Modules}/ngx_http_lua_module.so"];

    public Ability Abilities => Ability.Json | Ability.Close | Ability.Http2 | Ability.Tls | Ability.Database;

    public IEnumerable<string> Needs => ["nginx", .. s_modules, LuaSql];

    /// <summary>Debian's folders have the processor in their name.</summary>
    public static string LuaSql => $"/usr/lib/{(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64")}-linux-gnu/lua/5.1/luasql/mysql.so";

    public string ProbePath => "/plaintext";

    public async Task StartAsync(Contender contender, ServerSettings settings, int port, ICollection<ChildProcess> children, CancellationToken cancellation)
    {
        var folder = Path.Combine(settings.Folder, $"nginx-{port}");
        var app = Path.Combine(Repository.Root, "bench/contenders/nginx-lua");
        var site = new NginxSite(
            Locations: string.Concat(((string[])["plaintext", "json", .. settings.Database is null ? Array.Empty<string>() : ["db", "fortunes"]])
                .Select(route => $"        location = /{route} {{ content_by_lua_block {{ require('app').{route}() }} }}\n")),
            Main: string.Concat(s_modules.Select(module => $"load_module {module};\n")),
            Http: $$"""
                    lua_package_path '{{app}}/?.lua;;';
                    init_by_lua_block { require('app').configure({{settings.Database?.Port ?? 0}}) }
                    init_worker_by_lua_block { require('app').start_worker() }
                """);
        children.Add(await NginxLauncher.StartAsync(contender.Name, settings, port, folder, site, cancellation));
    }
}
