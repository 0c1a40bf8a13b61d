namespace Sample.Web.Tests.Support;

/// <summary>Runs the repository's scripts.</summary>
internal static class Scripts
{
    private static readonly string s_folder = FindFolder();

    /// <summary>Runs one to its end; the test fails, with what it said, if it does.</summary>
    public static async Task<string> RunAsync(string name, params IEnumerable<string> arguments)
    {
        var result = await Tool.RunAsync("bash", [Path.Combine(s_folder, name), .. arguments], timeout: 3 * Deadline.Long);
        Assert.True(result.ExitCode == 0, $"{name} {string.Join(' ', arguments)}: {result.Output}{result.Error}");
        return result.Output;
    }

    private static string FindFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder != null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Transport.sln")))
            {
                return Path.Combine(folder.FullName, "scripts");
            }
        }

        throw new InvalidOperationException("The tests do not run below the repository.");
    }
}
