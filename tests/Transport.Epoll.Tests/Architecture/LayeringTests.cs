namespace Transport.Epoll.Tests.Architecture;

public class LayeringTests
{
    private const int MaxLines = 250;
    private const int MaxLinesOfOldFiles = 300;

    /// <summary>Longer than a file should be: none is to come.</summary>
    private static readonly string[] s_oldFiles = ["Acceptor.cs", "DriverThreads.cs", "EpollConnection.cs", "EpollConnectionListener.cs", "Kernel.cs"];

    /// <summary>From the lowest to the highest. Diagnostics stands apart: all may use it, it uses none.</summary>
    private static readonly string[] Floors = ["Native", "EventLoops", "Scheduling", "Connections", "Listening", "Https", SourceTree.Root];

    private const string Diagnostics = "Diagnostics";

    [Fact]
    public void Library_Always_HasKnownFloorsOnly()
    {
        Assert.NotEmpty(SourceTree.Library);
        Assert.All(SourceTree.Library, file => Assert.Contains(file.Floor, Floors.Append(Diagnostics)));
        Assert.All(Floors.Append(Diagnostics), floor => Assert.Contains(SourceTree.Library, file => file.Floor == floor));
    }

    [Theory]
    [InlineData("Native")]
    [InlineData("EventLoops")]
    [InlineData("Scheduling")]
    [InlineData("Connections")]
    [InlineData("Listening")]
    [InlineData("Https")]
    [InlineData(Diagnostics)]
    public void Floor_Files_NameNoHigherFloor(string floor)
    {
        string[] higher = floor == Diagnostics ? Floors : Floors[(Array.IndexOf(Floors, floor) + 1)..];
        string[] forbidden =
        [
            .. higher.Select(each => $"Transport.Epoll.{each}"),
            .. SourceTree.Library.Where(file => higher.Contains(file.Floor)).SelectMany(file => file.Types).Select(type => type.Name).Distinct(),
        ];

        string[] found = [.. SourceTree.Library.Where(file => file.Floor == floor)
            .SelectMany(file => forbidden.Where(file.Names).Select(word => $"{file} names {word}"))];

        Assert.Empty(found);
    }

    [Fact]
    public void Floor_Files_LieInTheNamespaceOfTheirFolder()
    {
        string[] found = [.. SourceTree.Library.Where(file => file.Floor != SourceTree.Root)
            .Where(file => !file.Code.Contains($"namespace Transport.Epoll.{file.Floor};", StringComparison.Ordinal))
            .Select(file => file.Path)];

        Assert.Empty(found);
    }

    [Theory]
    [InlineData("unsafe")]
    [InlineData("Tmds.Linux")]
    public void Library_OutsideNative_DoesNotSay(string word)
    {
        string[] found = [.. SourceTree.Library.Where(file => file.Floor != "Native" && file.Names(word)).Select(file => file.Path)];

        Assert.Empty(found);
    }

    [Fact]
    public void Library_PublicTypes_AreOptionsEnumsExtensionsAndWhatDiagnosticsTells()
    {
        string[] found = [.. SourceTree.Library
            .SelectMany(file => file.Types.Where(type => type.IsPublic).Select(type => (file, type)))
            .Where(each => each.file.Floor != Diagnostics || !(each.type.Name.StartsWith("Epoll", StringComparison.Ordinal) || each.type.Name == "IEpollConnectionFeature"))
            .Where(each => each.file.Floor != SourceTree.Root
                || !(each.type.Kind == "enum" || each.type.Name.EndsWith("Options", StringComparison.Ordinal) || each.type.Name.EndsWith("Extensions", StringComparison.Ordinal)))
            .Select(each => $"{each.file}: {each.type.Name}")];

        Assert.Empty(found);
    }

    [Fact]
    public void Library_Assembly_ExportsWhatTheSourcesSay()
    {
        IEnumerable<string> sources = SourceTree.Library.SelectMany(file => file.Types).Where(type => type.IsPublic).Select(type => type.Name);

        Assert.Equal(sources.Order(), typeof(EpollTransportOptions).Assembly.GetExportedTypes().Select(type => type.Name).Order());
    }

    [Fact]
    public void Library_Files_FitTheLimit()
    {
        string[] found = [.. SourceTree.Library
            .Select(file => (file, Max: s_oldFiles.Contains(Path.GetFileName(file.Path)) ? MaxLinesOfOldFiles : MaxLines))
            .Where(each => each.file.Lines > each.Max)
            .Select(each => $"{each.file}: {each.file.Lines} lines, allowed are {each.Max}")];

        Assert.Empty(found);
    }

    /// <summary>Files that all reach each other by the types they name can only be read together.</summary>
    [Theory]
    [InlineData("EventLoops", 5)]
    [InlineData("Scheduling", 3)]
    [InlineData("Connections", 6)]
    public void Floor_Files_FormNoLargerKnot(string floor, int most)
    {
        SourceFile[] files = [.. SourceTree.Library.Where(file => file.Floor == floor)];
        Dictionary<SourceFile, HashSet<SourceFile>> reached = files.ToDictionary(
            file => file, file => files.Where(other => other.Types.Any(type => file.Names(type.Name))).ToHashSet());
        foreach (SourceFile through in files)
        {
            foreach (HashSet<SourceFile> ends in reached.Values.Where(ends => ends.Contains(through)))
            {
                ends.UnionWith(reached[through]);
            }
        }

        string[] largest = [.. files
            .Select(file => files.Where(other => reached[file].Contains(other) && reached[other].Contains(file)).Select(other => other.Path).ToArray())
            .MaxBy(knot => knot.Length)!];

        Assert.True(largest.Length == most, $"The largest knot has {largest.Length} files, the test says {most} (lower that when it has shrunk): {string.Join(", ", largest)}");
    }

    [Fact]
    public void Library_Types_OpenWithASummary()
    {
        List<string> found = [];
        foreach (SourceFile file in SourceTree.Library)
        {
            string[] lines = file.Text.Split('\n');
            foreach ((string name, string kind, _) in file.Types)
            {
                int at = Array.FindIndex(lines, line => line.Contains($"{kind} {name}", StringComparison.Ordinal) && !line.TrimStart().StartsWith('/'));
                int above = at - 1;
                while (above >= 0 && (lines[above].TrimStart().StartsWith("///", StringComparison.Ordinal) || lines[above].TrimStart().StartsWith('[')))
                {
                    above--;
                }

                if (!string.Concat(lines[(above + 1)..at]).Contains("<summary>", StringComparison.Ordinal))
                {
                    found.Add($"{file}: {name}");
                }
            }
        }

        Assert.Empty(found);
    }
}
