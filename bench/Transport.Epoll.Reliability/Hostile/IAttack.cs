using Transport.Epoll.Reliability.Clients;
using Transport.Epoll.Reliability.Servers;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>One kind of bad behaviour.</summary>
internal interface IAttack
{
    string Name { get; }

    string Summary { get; }

    int DefaultTimes { get; }

    IEnumerable<string> Tools { get; }

    /// <summary>How the server is set up for it.</summary>
    string[] ServerArguments { get; }

    /// <summary>Misbehaves, and counts what the server owed and did not give.</summary>
    /// <returns>Figures for the table.</returns>
    Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation);
}

/// <summary>What is attacked, and who lives beside it.</summary>
internal sealed record AttackTarget(SampleServer Server, Tally Tally, Neighbour Neighbour)
{
    /// <summary>The longest that a peer waits for what the server owes it.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    /// <summary>Plays many peers, some at a time; what goes wrong with one is counted and stops no other.</summary>
    public Task EachAsync(int count, int atOnce, Func<int, CancellationToken, Task> peer, CancellationToken cancellation) =>
        Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellation }, async (i, stop) =>
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(s_limit);
            try
            {
                await peer(i, limit.Token);
            }
            catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
            {
                Tally.Lose(e.Message);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                Tally.Lose($"nothing within {s_limit.TotalSeconds} s", () => Server.State);
            }
        });

    /// <summary>Counts what the server did: as it must, or not.</summary>
    public void Expect(bool asItMust, string otherwise)
    {
        if (asItMust)
        {
            Tally.Serve();
        }
        else
        {
            Tally.Lose(otherwise);
        }
    }
}
