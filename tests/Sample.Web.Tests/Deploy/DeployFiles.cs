namespace Sample.Web.Tests.Deploy;

/// <summary>The files under <c>deploy/</c>, as they are in the repository that the tests were built in.</summary>
internal static class DeployFiles
{
    public static string Repository { get; } = FindRepository();

    public static string Path(string name) => System.IO.Path.Combine(Repository, "deploy", name);

    public static string Read(string name) => File.ReadAllText(Path(name));

    /// <summary>The values of a key of a unit file, in order.</summary>
    public static string[] UnitValues(string unit, string key)
        => [.. File.ReadLines(Path($"systemd/{unit}")).Where(line => line.StartsWith($"{key}=", StringComparison.Ordinal)).Select(line => line[(key.Length + 1)..])];

    private static string FindRepository()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(System.IO.Path.Combine(directory.FullName, "Transport.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new DirectoryNotFoundException($"No Transport.sln above {AppContext.BaseDirectory}.");
    }
}
