namespace Transport.Epoll.Bench.Servers;

/// <summary>A Tornado app with the same answers, and with Django's ORM where there is a database.</summary>
/// <param name="python">The interpreter: Debian's own, for Debian's packages are for these only.</param>
/// <param name="driver">What it reads MariaDB with.</param>
internal sealed class TornadoBackend(string python, string driver) : IBackend
{
    private const string Packages = "/usr/lib/python3/dist-packages";

    public Ability Abilities => Ability.Json | Ability.Close | Ability.Http2 | Ability.Tls | Ability.Timing | Ability.Database;

    public IEnumerable<string> Needs => [python, $"{Packages}/tornado", $"{Packages}/django", $"{Packages}/{driver}"];

    public ChildProcess Start(string name, ServerSettings settings, int port)
    {
        List<string> arguments = [Path.Combine(Repository.Root, "bench/contenders/tornado-django/app.py"), $"{port}"];
        if (settings.Database is { } database)
        {
            arguments.Add($"{database.Port}");
        }

        return ChildProcess.Start(name, settings.Pinned, python, arguments);
    }
}
