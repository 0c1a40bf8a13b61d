using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Listening;
using Transport.Epoll.Native;
using Transport.Epoll.Tests.Native;
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

    /// <summary>Its connects are refused just like those of a file that nobody has bound.</summary>
    [Fact]
    public void Bind_BoundByAServerThatDoesNotListenYet_KeepsIt()
    {
        using Socket starting = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        starting.Bind(_path.EndPoint);

        Assert.Throws<AddressInUseException>(Bind);

        starting.Listen();
        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(_path.EndPoint);
    }

    [Theory]
    [InlineData(SocketType.Dgram)]
    [InlineData(SocketType.Seqpacket)]
    public void Bind_SocketOfAnotherTypeIsBound_KeepsIt(SocketType type)
    {
        using Socket other = new(AddressFamily.Unix, type, ProtocolType.Unspecified);
        other.Bind(_path.EndPoint);

        Assert.Throws<AddressInUseException>(Bind);

        Assert.True(File.Exists(_path.Path));
    }

    [Fact]
    public void Bind_LinkToAStaleSocket_KeepsTheLink()
    {
        LeaveStaleFile();
        using TempSocketPath link = new();
        File.CreateSymbolicLink(link.Path, _path.Path);

        Assert.Throws<AddressInUseException>(() => ListenSocket.Bind(Kernel.Linux, link.EndPoint, 1, 16, noDelay: true));

        Assert.Equal(_path.Path, new FileInfo(link.Path).LinkTarget);
    }

    [Fact]
    public void Bind_AbstractNameTaken_IsAddressInUse()
    {
        UnixDomainSocketEndPoint endPoint = new($"\0te-{Guid.NewGuid():N}");
        using FileDescriptor first = ListenSocket.Bind(Kernel.Linux, endPoint, 1, 16, noDelay: true)[0].Descriptor;

        Assert.Throws<AddressInUseException>(() => ListenSocket.Bind(Kernel.Linux, endPoint, 1, 16, noDelay: true));
    }

    /// <summary>The first server has found the file stale and is about to remove it, when the second one starts.</summary>
    [Fact]
    public void Bind_AnotherServerFindsTheSameStaleFile_OneIsRefusedAndTheOtherReached()
    {
        LeaveStaleFile();
        using ManualResetEventSlim secondTries = new();
        Exception? second = null;
        Thread other = new(() => second = Record.Exception(() => ListenSocket.Bind(new HookedKernel { Locking = secondTries.Set }, _path.EndPoint, 1, 16, noDelay: true)));
        HookedKernel kernel = new()
        {
            Unlinking = () =>
            {
                other.Start();
                secondTries.WaitWithTimeout();
            },
        };

        using FileDescriptor descriptor = ListenSocket.Bind(kernel, _path.EndPoint, 1, 16, noDelay: true)[0].Descriptor;

        other.JoinWithTimeout();
        Assert.IsType<AddressInUseException>(second);
        ExpectReached(descriptor);
    }

    [Fact]
    public void Bind_TwoServersAtOnceOverAStaleFile_OneIsRefusedAndTheOtherReached()
    {
        for (int round = 0; round < 400; round++)
        {
            LeaveStaleFile();
            using Barrier start = new(2);
            FileDescriptor?[] bound = new FileDescriptor?[2];
            Exception?[] refused = new Exception?[2];
            Thread[] servers = [.. Enumerable.Range(0, 2).Select(i => new Thread(() =>
            {
                start.SignalAndWait();
                refused[i] = Record.Exception(() => bound[i] = Bind().Descriptor);
            }))];
            Array.ForEach(servers, server => server.Start());
            Array.ForEach(servers, server => server.JoinWithTimeout());

            Assert.IsType<AddressInUseException>(Assert.Single(refused, exception => exception is not null));
            using FileDescriptor descriptor = Assert.Single(bound, descriptor => descriptor is not null)!;
            ExpectReached(descriptor);
            File.Delete(_path.Path);
        }
    }

    [Fact]
    public void Bind_DirectoryCantBeLocked_KeepsTheFile()
    {
        LeaveStaleFile();
        HookedKernel kernel = new() { LockErrno = Errno.EAGAIN };

        Assert.Throws<AddressInUseException>(() => ListenSocket.Bind(kernel, _path.EndPoint, 1, 16, noDelay: true));

        Assert.True(File.Exists(_path.Path));
    }

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

    private void ExpectReached(FileDescriptor listener)
    {
        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(_path.EndPoint);
        SysResult accepted = Kernel.Linux.Accept(listener.Number, new byte[SocketAddresses.MaxLength], out _);
        Assert.True(accepted.IsOk, "The client reached another server.");
        Kernel.Linux.Close(accepted.Value);
    }

    private sealed class HookedKernel : Kernel
    {
        public Action? Unlinking { get; init; }

        public Action? Locking { get; init; }

        public int LockErrno { get; init; }

        public override SysResult Unlink(string path)
        {
            Unlinking?.Invoke();
            return base.Unlink(path);
        }

        public override SysResult TryLock(int descriptor)
        {
            SysResult result = LockErrno == 0 ? base.TryLock(descriptor) : SysResult.Failed(LockErrno);
            Locking?.Invoke();
            return result;
        }
    }

    private void LeaveStaleFile()
    {
        // .NET removes the file when it closes a socket that it bound; a process that dies does not.
        ListenSocket dead = Bind();
        dead.Descriptor.Dispose();
        Assert.True(File.Exists(_path.Path));
    }
}
