using System.Text.RegularExpressions;

namespace Docs.Tests;

/// <summary>
/// One block of commands of a text. What stands in an HTML comment right above it says how it is tried:
/// nothing: each line must end with 0 within a minute; <c>serves</c>: each line is a server that must come up; <c>beside the sample</c>: the sample runs
/// meanwhile; <c>not run: REASON</c>: it needs what is not here. A line whose comment names minutes or an hour takes so long, and is not run.
/// </summary>
internal sealed partial record ShellBlock(MarkdownFile File, int Line, string Text, string Marker)
{
    public bool Serves => Marker == "serves";

    public bool BesideTheSample => Marker == "beside the sample";

    public bool IsRun => !Marker.StartsWith("not run: ", StringComparison.Ordinal);

    public bool HasKnownMarker => Marker.Length == 0 || Serves || BesideTheSample || (!IsRun && Marker.Length > "not run: ".Length);

    /// <summary>The commands that can be run here in a minute.</summary>
    public IEnumerable<string> Commands => IsRun ? Text.Split('\n').Where(line => line.Trim().Length > 0 && line[0] != '#' && !TakesLong().IsMatch(line)) : [];

    public override string ToString() => $"{File}:{Line}";

    [GeneratedRegex(@"\s# .*\b(minutes|hours?)\b")]
    private static partial Regex TakesLong();
}
