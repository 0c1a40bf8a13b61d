using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Listening;
using Transport.Epoll.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Listening;

[SupportedOSPlatform("linux")]
public sealed class UnixSocketFileTests : IDisposable
{
    private readonly TempSocketPath _path = new();

    public void Dispose() => _path.Dispose();

    [Fact]
    public void Bind_StaleSocketFile_ReplacesIt()
    {
        LeaveStaleFile();

        using FileDescriptor descriptor = Bind().Descriptor;

        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(_path.EndPoint);
    }

    [Fact]
    public void Bind_RegularFile_KeepsIt()
    {
        File.WriteAllText(_path.Path, "precious");

        Assert.Throws<AddressInUseException>(Bind);

        Assert.Equal("precious", File.ReadAllText(_path.Path));
    }

    [Fact]
    public void Bind_LiveSocket_KeepsIt()
    {
        using Socket live = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        live.Bind(_path.EndPoint);
        live.Listen();

        Assert.Throws<AddressInUseException>(Bind);

        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(_path.EndPoint);
    }

    [Fact]
    public void Bind_LiveSocketWithFullBacklog_KeepsIt()
    {
        using Socket live = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        live.Bind(_path.EndPoint);
        live.Listen(0);
        using Socket first = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        first.Connect(_path.EndPoint);

        Assert.Throws<AddressInUseException>(Bind);

        Assert.True(File.Exists(_path.Path));
    }

    [Fact]
    public void TryRemoveStale_NoFile_IsFalse() => Assert.False(UnixSocketFile.TryRemoveStale(Kernel.Linux, _path.EndPoint));

    [Fact]
    public void TryRemoveStale_AbstractName_IsFalse()
        => Assert.False(UnixSocketFile.TryRemoveStale(Kernel.Linux, new UnixDomainSocketEndPoint("\0te-nobody")));

    [Fact]
    public void RemoveIfOurs_OurFile_RemovesIt()
    {
        ListenSocket socket = Bind();

        socket.File!.RemoveIfOurs();
        socket.File.RemoveIfOurs();

        Assert.False(File.Exists(_path.Path));
        socket.Descriptor.Dispose();
    }

    [Fact]
    public void RemoveIfOurs_SuccessorsFile_KeepsIt()
    {
        ListenSocket socket = Bind();
        File.Delete(_path.Path);
        using Socket successor = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        successor.Bind(_path.EndPoint);

        socket.File!.RemoveIfOurs();

        Assert.True(File.Exists(_path.Path));
        socket.Descriptor.Dispose();
    }

    [Fact]
    public void Bind_PathBeginsLikeAnAbstractNameInText_IsAFileAllTheSame()
    {
        UnixDomainSocketEndPoint endPoint = new($"@te-{Guid.NewGuid():N}.sock");

        ListenSocket socket = ListenSocket.Bind(Kernel.Linux, endPoint, 1, 16, noDelay: true, new UnixSocketAccess(UnixFileMode.UserWrite))[0];

        Assert.Equal(UnixFileMode.UserWrite, File.GetUnixFileMode(endPoint.ToString()));
        socket.File!.RemoveIfOurs();
        Assert.False(File.Exists(endPoint.ToString()));
        socket.Descriptor.Dispose();
    }

    private ListenSocket Bind() => ListenSocket.Bind(Kernel.Linux, _path.EndPoint, 1, 16, noDelay: true)[0];

    private void LeaveStaleFile()
    {
        // .NET removes the file when it closes a socket that it bound; a process that dies does not.
        ListenSocket dead = Bind();
        dead.Descriptor.Dispose();
        Assert.True(File.Exists(_path.Path));
    }
}
