using Transport.Epoll.Reliability.Clients;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>
/// Readers that stop in the middle of 1 GiB. The server holds what the write limit and the kernel's buffers allow and waits; then half of
/// them read on, and get more, and the others reset.
/// </summary>
internal sealed class StalledReadersAttack : IAttack
{
    private const long Length = 1L << 30;
    private const long BeforeStop = 1L << 20;
    private const long AfterStop = 8L << 20;
    private const int NeighbourAnswers = 300;

    /// <summary>MaxWriteBufferSize is 64 KiB, a handler's chunk as much; the rest is for Kestrel's own.</summary>
    private const long AllowedPerReader = 256 * 1024;
    private const long AllowedBeside = 48L << 20;

    public string Name => "stalled-readers";

    public string Summary => "readers that stop in the middle of 1 GiB";

    public int DefaultTimes => 100;

    public IEnumerable<string> Tools => [];

    public string[] ServerArguments => [];

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        var clients = new RawClient?[times];
        try
        {
            var before = await target.Server.ReadFiguresAsync(collect: true, cancellation);
            await target.EachAsync(times, times, async (i, stop) =>
            {
                clients[i] = await RawClient.ConnectAsync(target.Server.EndPoint, stop, receiveBuffer: 64 * 1024);
                await clients[i]!.SendAsync($"GET /download/{Length} HTTP/1.1\r\nHost: x\r\n\r\n", stop);
                target.Expect(await clients[i]!.SkipAsync(BeforeStop, stop), "a download ended early");
            }, cancellation);

            await target.Neighbour.ServedAsync(NeighbourAnswers, cancellation);
            var during = await target.Server.ReadFiguresAsync(collect: false, cancellation);
            var grown = during.WorkingSet - before.WorkingSet;
            target.Expect(grown < AllowedBeside + (times * AllowedPerReader), $"the server grew by {grown >> 20} MiB");

            await target.EachAsync(times, times, async (i, stop) =>
            {
                if (i % 2 == 0)
                {
                    target.Expect(await clients[i]!.SkipAsync(AfterStop, stop), "a download that was read on ended");
                }

                clients[i]!.Reset();
            }, cancellation);
            return FormattableString.Invariant($"{grown / 1048576.0:F1} MiB grown");
        }
        finally
        {
            foreach (var client in clients)
            {
                client?.Dispose();
            }
        }
    }
}
