using Transport.Epoll.Reliability.Clients;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>Random bytes, from none to more than every limit, the same in each run. The server ends each connection, whatever they spell.</summary>
internal sealed class GarbageAttack : IAttack
{
    private const int AtOnce = 32;
    private const int MaxLength = 100_000;

    public string Name => "random-bytes";

    public string Summary => $"up to {MaxLength} random bytes instead of a request";

    public int DefaultTimes => 5000;

    public IEnumerable<string> Tools => [];

    public string[] ServerArguments => [];

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        await target.EachAsync(times, AtOnce, async (i, stop) =>
        {
            using var client = await RawClient.ConnectAsync(target.Server.EndPoint, stop);
            await client.SendUnlessEndedAsync(RandomBytes(i), thenHalfClose: true, stop);
            await client.ReadToEndAsync(stop);
            target.Tally.Serve();
        }, cancellation);
        return $"{target.Tally.Served} ended";
    }

    /// <summary>As many short ones as long ones.</summary>
    private static byte[] RandomBytes(int seed)
    {
#pragma warning disable CA5394 // Not for secrets: a run must be repeatable.
        var random = new Random(seed);
        var bytes = new byte[(int)Math.Pow(MaxLength, random.NextDouble())];
        random.NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }
}
