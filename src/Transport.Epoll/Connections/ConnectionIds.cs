namespace Transport.Epoll.Connections;

/// <summary>Connection ids in Kestrel's form: 13 characters, five bits each, rising, different between starts of the process.</summary>
/// <remarks>Any thread.</remarks>
internal static class ConnectionIds
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

    private static long s_last = DateTime.UtcNow.Ticks;

    public static string Next() => string.Create(13, Interlocked.Increment(ref s_last), static (characters, id) =>
    {
        for (int i = 0; i < characters.Length; i++)
        {
            characters[i] = Digits[(int)(id >> (60 - (5 * i))) & 31];
        }
    });
}
