namespace Transport.Epoll;

/// <summary>Finds the name that somebody may have meant.</summary>
/// <remarks>Any thread: no state.</remarks>
internal static class SimilarName
{
    /// <summary>The name that the fewest changes of a character make of the given one; upper and lower case are the same.</summary>
    public static string Nearest(string given, IEnumerable<string> names) => names.MinBy(name => Distance(given.ToUpperInvariant(), name.ToUpperInvariant()))!;

    /// <summary>Levenshtein's distance: characters to insert, to delete and to replace.</summary>
    private static int Distance(string from, string to)
    {
        int[] above = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int[] row = new int[to.Length + 1];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = above[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                row[j] = Math.Min(replaced, 1 + Math.Min(above[j], row[j - 1]));
            }

            above = row;
        }

        return above[^1];
    }
}
