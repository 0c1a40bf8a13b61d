using System.Globalization;
using System.Net;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>What child processes inherit. Alone, since it lists the descriptors of the whole process.</summary>
[Collection(RunsAlone.Name)]
public sealed class DescriptorTests
{
    private const int CloseOnExec = 0x80000; // O_CLOEXEC, open(2)

    [Theory]
    [ClassData(typeof(AllTransports))]
    [Trait("Contract", "4")]
    public async Task Descriptors_ListenersAndConnections_AreCloseOnExec(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind);
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            var port = ((IPEndPoint)listener.EndPoint).Port;
            var inodes = SocketInodes(port);
            Assert.NotEmpty(inodes);
            foreach (var descriptor in Directory.GetFiles("/proc/self/fd"))
            {
                var target = new FileInfo(descriptor).LinkTarget;
                if (inodes.Any(inode => target == $"socket:[{inode}]") || target == "anon_inode:[eventpoll]" || target == "anon_inode:[eventfd]")
                {
                    Assert.True((Flags(descriptor) & CloseOnExec) != 0, $"{target} is inherited by child processes");
                }
            }
        }
    }

    private static List<string> SocketInodes(int port)
    {
        var suffix = port.ToString("X4", CultureInfo.InvariantCulture);
        return
        [
            .. File.ReadLines("/proc/self/net/tcp").Skip(1)
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(fields => fields[1].EndsWith(':' + suffix, StringComparison.Ordinal))
                .Select(fields => fields[9])
        ];
    }

    private static int Flags(string descriptor)
    {
        var info = File.ReadLines($"/proc/self/fdinfo/{Path.GetFileName(descriptor)}");
        var octal = info.Single(line => line.StartsWith("flags:", StringComparison.Ordinal))["flags:".Length..].Trim();
        return Convert.ToInt32(octal, 8);
    }
}
