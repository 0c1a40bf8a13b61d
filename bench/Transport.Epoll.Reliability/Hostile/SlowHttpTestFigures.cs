using System.Globalization;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>What slowhttptest wrote once a second (<c>-g</c>). There is no line of its end.</summary>
/// <param name="MostConnected">The most that were connected, or had been before they were closed.</param>
/// <param name="FirstClosed">The first second that knew of a closed one; null if none did.</param>
internal sealed record SlowHttpTestFigures(int MostConnected, int? FirstClosed)
{
    /// <param name="lines">Seconds, closed, pending, connected and more, under a line of names.</param>
    public static SlowHttpTestFigures Parse(IEnumerable<string> lines)
    {
        var rows = lines.Skip(1).Select(line => line.Split(',')).Select(fields => (Second: Number(fields[0]), Closed: Number(fields[1]), Connected: Number(fields[3]))).ToList();
        return new SlowHttpTestFigures(
            rows.Select(row => row.Connected + row.Closed).DefaultIfEmpty().Max(),
            rows.Where(row => row.Closed > 0).Select(row => (int?)row.Second).FirstOrDefault());
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
