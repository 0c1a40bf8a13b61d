namespace Docs.Tests;

public class LinkTests
{
    [Fact]
    public void RelativeLinks_AllTexts_LeadToAFileAndItsHeading()
    {
        var broken = new List<string>();
        foreach (var file in MarkdownFile.All)
        {
            foreach (var link in file.Links.Where(link => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith("mailto:", StringComparison.Ordinal)))
            {
                var parts = link.Split('#', 2);
                var target = parts[0].Length == 0 ? file.FullPath : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file.FullPath)!, Uri.UnescapeDataString(parts[0])));
                if (!Path.Exists(target))
                {
                    broken.Add($"{file}: {link}: no such file");
                }
                else if (parts.Length == 2 && !MarkdownFile.All.Any(other => other.FullPath == target && other.Anchors.Contains(parts[1])))
                {
                    broken.Add($"{file}: {link}: no such heading");
                }
            }
        }

        Assert.Empty(broken);
    }

    [Fact]
    public void Readme_Length_IsThreeMinutes() => Assert.InRange(File.ReadLines(MarkdownFile.Get("README.md").FullPath).Count(), 1, 150);

    [Fact]
    public void ShellBlocks_Markers_AreKnown() => Assert.All(MarkdownFile.All.SelectMany(file => file.ShellBlocks()), block => Assert.True(block.HasKnownMarker, $"{block}: {block.Marker}"));
}
