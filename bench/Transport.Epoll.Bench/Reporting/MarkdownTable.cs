using System.Text;

namespace Transport.Epoll.Bench.Reporting;

/// <summary>A table that is read in a terminal as well as in a document. The first column is text, the others are figures.</summary>
internal sealed class MarkdownTable(params string[] headings)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add(cells);

    public string Write(string title)
    {
        var widths = headings.Select((h, i) => _rows.Select(r => r[i].Length).Append(h.Length).Max()).ToArray();
        var text = new StringBuilder().AppendLine().AppendLine(title).AppendLine();
        AppendRow(text, headings, widths);
        AppendRow(text, [.. widths.Select((w, i) => new string('-', i == 0 ? w : w - 1) + (i == 0 ? "" : ":"))], widths);
        foreach (var row in _rows)
        {
            AppendRow(text, row, widths);
        }

        return text.ToString();
    }

    private static void AppendRow(StringBuilder text, string[] cells, int[] widths) =>
        text.Append("| ").AppendJoin(" | ", cells.Select((c, i) => i == 0 ? c.PadRight(widths[i]) : c.PadLeft(widths[i]))).AppendLine(" |");
}
