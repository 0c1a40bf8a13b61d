using System.Text;
using Transport.Epoll.Reliability.Clients;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>Requests with a body that arrive one byte at a time, each in a packet of its own. They are slow, not wrong: all are answered.</summary>
internal sealed class DripAttack : IAttack
{
    private const int AtOnce = 64;

    private static readonly byte[] s_request = Encoding.ASCII.GetBytes("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 32\r\n\r\n" + new string('x', 32));

    public string Name => "one-byte-at-a-time";

    public string Summary => "requests that arrive one byte in a packet";

    public int DefaultTimes => 1000;

    public IEnumerable<string> Tools => [];

    public string[] ServerArguments => [];

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        await target.EachAsync(times, AtOnce, async (_, stop) =>
        {
            using var client = await RawClient.ConnectAsync(target.Server.EndPoint, stop);
            for (var i = 0; i < s_request.Length; i++)
            {
                await client.SendAsync(s_request.AsMemory(i, 1), stop);
            }

            var response = await client.ReadResponseAsync(stop);
            target.Expect(response.Status == 200 && Encoding.ASCII.GetString(response.Body) == "{\"bytes\":32}", $"answered {response.Status}");
        }, cancellation);
        return "";
    }
}
