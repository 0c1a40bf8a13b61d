using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Transport.Epoll.Listening;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Listening;

[SupportedOSPlatform("linux")]
public sealed class UnixSocketAccessTests : IDisposable
{
    private const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly TempSocketPath _path = new();
    private readonly ScriptedKernel _kernel = new();

    public void Dispose() => _path.Dispose();

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite)]
    [InlineData(Everybody)] // more than the usual umask, 022, would leave
    [InlineData(UnixFileMode.None)]
    public void Bind_Mode_IsThatOfTheFileWhateverTheUmask(UnixFileMode mode)
    {
        ListenSocket socket = Bind(new UnixSocketAccess(mode));

        Assert.Equal(mode, File.GetUnixFileMode(_path.Path));
        socket.Descriptor.Dispose();
    }

    [Fact]
    public void Bind_Access_IsCompleteBeforeAnybodyCanConnect()
    {
        SocketError error = SocketError.Success;
        string? owners = null;
        UnixFileMode? mode = null;
        _kernel.OnListen.Before = () =>
        {
            mode = File.GetUnixFileMode(_path.Path);
            owners = Owners();
            using Socket early = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            error = Assert.Throws<SocketException>(() => early.Connect(_path.EndPoint)).SocketErrorCode;
        };

        // Only root may give a file away; to itself anybody may.
        (int user, int group) = Environment.IsPrivilegedProcess ? (65534, 65533) : OwnNumbers();
        ListenSocket socket = Bind(new UnixSocketAccess(Everybody, user, group));

        Assert.Equal(SocketError.ConnectionRefused, error);
        Assert.Equal(Everybody, mode);
        Assert.Equal($"{user} {group}", owners);
        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(_path.EndPoint);
        socket.Descriptor.Dispose();
    }

    [Fact]
    public void Bind_NothingAskedFor_ChangesNothing()
    {
        ListenSocket socket = Bind(new UnixSocketAccess());

        Assert.Equal((0, 0), (_kernel.OnChangeMode.Calls, _kernel.OnChangeOwner.Calls));
        socket.Descriptor.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Bind_AccessRefused_NeverListensAndLeavesNothing(bool owner)
    {
        (owner ? _kernel.OnChangeOwner : _kernel.OnChangeMode).Fail(Errno.EPERM);

        SocketException exception = Assert.Throws<SocketException>(() => Bind(new UnixSocketAccess(Everybody, 1, 1)));

        Assert.Equal(SocketError.AccessDenied, exception.SocketErrorCode);
        Assert.Equal(0, _kernel.OnListen.Calls);
        Assert.False(File.Exists(_path.Path));
        Assert.Single(_kernel.Closed);
    }

    [Fact]
    public void Bind_LinkPutInPlaceOfTheFile_TouchesNotWhatItPointsTo()
    {
        string precious = _path.Path + ".precious";
        File.WriteAllText(precious, "precious");
        File.SetUnixFileMode(precious, UnixFileMode.UserRead);
        _kernel.OnChangeMode.Before = () =>
        {
            File.Delete(_path.Path);
            File.CreateSymbolicLink(_path.Path, precious);
        };
        try
        {
            Assert.Throws<SocketException>(() => Bind(new UnixSocketAccess(Everybody)));

            Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(precious));
        }
        finally
        {
            File.Delete(precious);
        }
    }

    [Fact]
    public void Bind_AbstractNameAndNothingAskedFor_Listens()
    {
        BindAbstract(new UnixSocketAccess()).Descriptor.Dispose();

        Assert.Equal(1, _kernel.OnListen.Calls);
        Assert.Equal((0, 0), (_kernel.OnChangeMode.Calls, _kernel.OnChangeOwner.Calls));
    }

    /// <summary>It has no file that could keep anybody out: to listen all the same would let everybody in.</summary>
    [Theory]
    [InlineData(UnixFileMode.UserWrite, null, null, "UnixSocketMode")]
    [InlineData(null, 1, null, "UnixSocketUser")]
    [InlineData(null, null, 1, "UnixSocketGroup")]
    [InlineData(Everybody, 0, 0, "UnixSocketMode, UnixSocketUser, UnixSocketGroup")]
    public void Bind_AbstractNameAndAccess_NeverListensAndSaysWhatIsAllowed(UnixFileMode? mode, int? user, int? group, string options)
    {
        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() => BindAbstract(new UnixSocketAccess(mode, user, group)));

        Assert.StartsWith($"{options} can't be had for the unix socket '@te-", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Allowed is the path of a file", exception.Message, StringComparison.Ordinal);
        Assert.Equal(0, _kernel.OnListen.Calls);
        Assert.Single(_kernel.Closed);
    }

    [Theory]
    [InlineData("www-data", 33)]
    [InlineData("1234", 1234)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Accounts_NameOrNumber_IsFound(string? account, int? expected)
    {
        File.WriteAllText(_path.Path, "# a comment\nroot:x:0:\nbroken\nwww-data2:x:34:\nwww-data:x:33:\n");

        Assert.Equal(expected, UnixAccounts.UserId(account, _path.Path));
        Assert.Equal(expected, UnixAccounts.GroupId(account, _path.Path));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("-1")]
    [InlineData("www-data:x")]
    public void Accounts_Unknown_SaysWhatIsAllowed(string account)
    {
        File.WriteAllText(_path.Path, "www-data:x:33:\n");

        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() => UnixAccounts.GroupId(account, _path.Path));

        Assert.Contains($"'{account}'", exception.Message, StringComparison.Ordinal);
        Assert.Contains(_path.Path, exception.Message, StringComparison.Ordinal);
    }

    private ListenSocket Bind(UnixSocketAccess access) => ListenSocket.Bind(_kernel, _path.EndPoint, 1, 16, noDelay: true, access)[0];

    private ListenSocket BindAbstract(UnixSocketAccess access)
        => ListenSocket.Bind(_kernel, new UnixDomainSocketEndPoint($"\0te-{Guid.NewGuid():N}"), 1, 16, noDelay: true, access)[0];

    private string Owners() => Run("stat", "-c", "%u %g", _path.Path);

    private static (int User, int Group) OwnNumbers()
        => (int.Parse(Run("id", "-u"), CultureInfo.InvariantCulture), int.Parse(Run("id", "-g"), CultureInfo.InvariantCulture));

    private static string Run(string tool, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd().Trim();
        Assert.True(process.WaitForExit(Waiting.Limit));
        return output;
    }
}
