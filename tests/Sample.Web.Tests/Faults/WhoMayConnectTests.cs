using System.Globalization;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Faults;

/// <summary>The real process, and clients of other users.</summary>
public class WhoMayConnectTests
{
    private const string Nobody = "65534";
    private const int CurlCannotConnect = 7;

    [Fact]
    public async Task Sample_WithoutAddresses_ListensOnLoopbackOnly()
    {
        // In a network of its own, so that nobody else has the default port.
        await using var sample = SampleProcess.Launch("unshare",
            ["--map-root-user", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh", SampleProcess.Dotnet, SampleProcess.Assembly]);
        await sample.WaitUntilStartedAsync();

        Assert.Equal(["http://127.0.0.1:5000"], sample.Addresses);
        Assert.Equal(["0100007F:1388"], Listening(sample.Id, "tcp").Distinct());
        Assert.Empty(Listening(sample.Id, "tcp6"));
    }

    [Theory]
    [InlineData("UserRead, UserWrite", "", CurlCannotConnect)]
    [InlineData("UserRead, UserWrite, GroupRead, GroupWrite", Nobody, 0)]
    [InlineData("UserRead, UserWrite, OtherRead, OtherWrite", "", 0)] // the usual umask, 022, would not leave it
    public async Task UnixSocket_ModeAndGroup_DecideWhoMayConnect(string mode, string group, int curlsExitCode)
    {
        using var folder = new ScratchFolder(forEverybody: true);
        var path = folder.File("web.sock");
        string[] client = ["setpriv", "--reuid", Nobody, "--regid", Nobody, "--clear-groups"];
        if (!Environment.IsPrivilegedProcess)
        {
            // Only root can be somebody else. Whoever may not be is refused by a mode without rights of his own.
            client = ["env"];
            mode = curlsExitCode == 0 ? mode : "None";
            group = "";
        }

        await using var sample = await SampleProcess.StartAsync(
            "--urls", $"http://unix:{path}", "--Kestrel:Transport:Epoll:UnixSocketMode", mode, "--Kestrel:Transport:Epoll:UnixSocketGroup", group);

        var curl = await Tool.RunAsync(client[0], [.. client[1..], "curl", "-sS", "--max-time", "5", "--unix-socket", path, "http://localhost/plaintext"]);

        Assert.True(curl.ExitCode == curlsExitCode, $"{curl.ExitCode}: {curl.Error}");
        Assert.Equal(curlsExitCode == 0 ? "Hello, World!" : "", curl.Output);
    }

    [Theory]
    [InlineData("UnixSocketMode", "0660", "by name")]
    [InlineData("UnixSocketGroup", "no-such-group", "/etc/group")]
    [InlineData("UnixSocketUser", "no-such-user", "/etc/passwd")]
    public async Task UnixSocket_OptionIsWrong_SaysWhatIsAllowed(string option, string value, string expected)
    {
        using var folder = new ScratchFolder();

        var sample = await Tool.RunAsync(SampleProcess.Dotnet,
            [SampleProcess.Assembly, "--urls", $"http://unix:{folder.File("web.sock")}", $"--Kestrel:Transport:Epoll:{option}", value]);

        Assert.Equal(1, sample.ExitCode);
        Assert.Contains(expected, sample.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("web.sock")));
    }

    /// <summary>The addresses of listening sockets in /proc/PID/net/tcp (proc(5)): local address in the second field, state 0A in the fourth.</summary>
    private static IEnumerable<string> Listening(int process, string table)
    {
        return File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/net/{table}"))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields[3] == "0A")
            .Select(fields => fields[1]);
    }
}
