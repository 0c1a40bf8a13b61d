using System.Text.RegularExpressions;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Extensions.Tables;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Docs.Tests;

/// <summary>One text of the repository, parsed as GitHub does.</summary>
internal sealed partial class MarkdownFile
{
    private static readonly MarkdownPipeline s_pipeline = new MarkdownPipelineBuilder().UsePipeTables().UseAutoIdentifiers(AutoIdentifierOptions.GitHub).Build();
    private static readonly string[] s_generated = ["bin", "obj", ".git", "node_modules", "artifacts", "TestResults"];

    private readonly MarkdownDocument _document;

    private MarkdownFile(string path)
    {
        Path = path;
        Text = File.ReadAllText(FullPath);
        _document = Markdown.Parse(Text, s_pipeline);
    }

    public static string Repository { get; } = FindRepository();

    public static IReadOnlyList<MarkdownFile> All { get; } = [.. Find(Repository).Select(path => new MarkdownFile(System.IO.Path.GetRelativePath(Repository, path)))];

    /// <summary>From the top of the repository.</summary>
    public string Path { get; }

    public string FullPath => System.IO.Path.Combine(Repository, Path);

    public string Text { get; }

    public IEnumerable<string> Anchors => _document.Descendants<HeadingBlock>().Select(heading => heading.GetAttributes().Id ?? "");

    public IEnumerable<string> Links => _document.Descendants<LinkInline>().Select(link => link.Url ?? "");

    /// <summary>Each heading as plain text, without its marks.</summary>
    public IEnumerable<string> Headings => _document.Descendants<HeadingBlock>().Select(heading => PlainText(heading.Inline));

    /// <summary>The rows of all tables but their heads, as plain text.</summary>
    public IEnumerable<string[]> Rows => _document.Descendants<TableRow>().Where(row => !row.IsHeader)
        .Select(row => row.OfType<TableCell>().Select(cell => string.Concat(cell.Descendants<ParagraphBlock>().Select(paragraph => PlainText(paragraph.Inline)))).ToArray());

    /// <summary>The commands that a reader can copy, each block with the marker above it.</summary>
    public IEnumerable<ShellBlock> ShellBlocks()
    {
        Block? before = null;
        foreach (var block in _document.Descendants<Block>())
        {
            if (block is FencedCodeBlock { Info: "sh" } code)
            {
                var marker = before is HtmlBlock html && html.Parent == code.Parent ? Marker().Match(html.Lines.ToString()).Groups[1].Value : "";
                yield return new ShellBlock(this, code.Line + 1, code.Lines.ToString(), marker);
            }

            before = block;
        }
    }

    public static MarkdownFile Get(string path) => All.Single(file => file.Path == path);

    public override string ToString() => Path;

    private static string PlainText(ContainerInline? inline) => inline is null ? "" : string.Concat(inline.Descendants().Select(part => part switch
    {
        LiteralInline literal => literal.Content.ToString(),
        CodeInline code => code.Content,
        _ => "",
    }));

    private static IEnumerable<string> Find(string folder)
        => Directory.EnumerateFiles(folder, "*.md").Concat(Directory.EnumerateDirectories(folder)
            .Where(child => !s_generated.Contains(System.IO.Path.GetFileName(child))).SelectMany(Find)).Order(StringComparer.Ordinal);

    private static string FindRepository()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(System.IO.Path.Combine(directory.FullName, "Transport.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new DirectoryNotFoundException($"No Transport.sln above {AppContext.BaseDirectory}.");
    }

    [GeneratedRegex("<!-- (.*?) -->", RegexOptions.Singleline)]
    private static partial Regex Marker();
}
