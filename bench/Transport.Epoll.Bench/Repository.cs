namespace Transport.Epoll.Bench;

/// <summary>Finds the working copy that the benchmark was built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory) ?? Find(Environment.CurrentDirectory)
        ?? throw new BenchException("Run this from inside the repository: Transport.sln was not found in any parent folder.");

    private static string? Find(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Transport.sln")))
            {
                return folder.FullName;
            }
        }

        return null;
    }
}
