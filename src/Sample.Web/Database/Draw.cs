using System.Globalization;

namespace Sample.Web.Database;

/// <summary>Draws rows and numbers: other ones each time, or with <c>?seed=</c> the same ones, so that answers of two servers can be compared.</summary>
internal readonly struct Draw(IQueryCollection query)
{
    private const int Rows = 10_000;

    private readonly Random _random = int.TryParse(query["seed"], NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? new Random(seed) : Random.Shared;

    /// <summary>From 1 to 500; what is no such number becomes the nearest one, or 1, as the benchmark's definition wants it.</summary>
    public int Count { get; } = int.TryParse(query["queries"], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count) ? Math.Clamp(count, 1, 500) : 1;

    public int Id() => _random.Next(1, Rows + 1);

    /// <summary>No row twice.</summary>
    public int[] Ids()
    {
        var ids = new HashSet<int>(Count);
        while (ids.Count < Count)
        {
            ids.Add(Id());
        }

        return [.. ids];
    }

    public int[] Numbers()
    {
        var numbers = new int[Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = Id();
        }

        return numbers;
    }
}
