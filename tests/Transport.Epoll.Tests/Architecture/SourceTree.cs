using System.Text.RegularExpressions;

namespace Transport.Epoll.Tests.Architecture;

/// <summary>One source file of the library: its floor, its code without comments, and the types that it declares.</summary>
internal sealed partial record SourceFile(string Path, string Floor, string Text)
{
    /// <summary>The text without comments and without what stands in quotes.</summary>
    public string Code { get; } = Comments().Replace(Quotes().Replace(Text, "\"\""), string.Empty);

    public int Lines { get; } = Text.Split('\n').Length - 1;

    /// <summary>The names of the types that are not nested, with their accessibility.</summary>
    public IEnumerable<(string Name, string Kind, bool IsPublic)> Types
        => Declarations().Matches(Code).Select(match => (match.Groups["name"].Value, match.Groups["kind"].Value, match.Groups["access"].Value == "public"));

    public bool Names(string word) => Regex.IsMatch(Code, $@"(?<![\w.]){Regex.Escape(word)}\b");

    public override string ToString() => Path;

    /// <summary>A type that is not nested starts its line, or stands one step inside a namespace with braces.</summary>
    [GeneratedRegex(@"^(?: {4})?(?<access>public|internal) (?:(?:static|sealed|abstract|partial|readonly|unsafe|ref) )*(?<kind>class|struct|interface|enum|record(?: struct| class)?|delegate) (?<name>\w+)",
        RegexOptions.Multiline)]
    private static partial Regex Declarations();

    [GeneratedRegex(@"//.*$", RegexOptions.Multiline)]
    private static partial Regex Comments();

    [GeneratedRegex("\"[^\"\\n]*\"")]
    private static partial Regex Quotes();
}

/// <summary>The sources of the library, as they are in the repository that the tests were built in.</summary>
internal static class SourceTree
{
    public const string Root = "(root)";

    public static IReadOnlyList<SourceFile> Library { get; } = Load();

    private static List<SourceFile> Load()
    {
        string folder = Path.Combine(FindRepository(), "src", "Transport.Epoll");
        return [.. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Path: path, Parts: Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar)))
            .Where(file => file.Parts[0] is not ("bin" or "obj"))
            .Select(file => new SourceFile(string.Join('/', file.Parts), file.Parts.Length == 1 ? Root : file.Parts[0], File.ReadAllText(file.Path)))
            .OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    private static string FindRepository()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Transport.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new DirectoryNotFoundException($"No Transport.sln above {AppContext.BaseDirectory}.");
    }
}
