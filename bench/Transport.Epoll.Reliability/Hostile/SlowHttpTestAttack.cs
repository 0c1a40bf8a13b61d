using System.Net;
using System.Text.RegularExpressions;
using Transport.Epoll.Bench;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>slowhttptest in one of its modes, within Kestrel's limits. Its own probe must find the server available all the while.</summary>
internal sealed partial class SlowHttpTestAttack(string mode, string what, string path, params string[] arguments) : IAttack
{
    private const int Seconds = 10;
    private const int ProbeSeconds = 3;

    public string Name => $"slowhttptest-{what}";

    public string Summary => $"slowhttptest {mode}, {DefaultTimes} connections";

    public int DefaultTimes => 1000;

    public IEnumerable<string> Tools => ["slowhttptest"];

    public string[] ServerArguments => ["--Kestrel:Limits:RequestHeadersTimeout", "00:00:03"];

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        var url = $"http://{(IPEndPoint)target.Server.EndPoint}{path}";
        var output = Color().Replace(await Tool.RunAsync(
            "slowhttptest", [mode, "-c", $"{times}", "-r", $"{times}", "-l", $"{Seconds}", "-i", "1", "-p", $"{ProbeSeconds}", .. arguments, "-u", url], cancellation), "");

        // One block of figures every five seconds.
        var available = Available().Matches(output);
        target.Expect(available.Count > 0 && available.All(m => m.Groups[1].Value == "YES"), "slowhttptest found the server unavailable");
        return $"it ended with: {ExitStatus().Match(output).Groups[1].Value.Trim()}";
    }

    [GeneratedRegex(@"\x1b\[[0-9;]*m")]
    private static partial Regex Color();

    [GeneratedRegex(@"service available:\s*(YES|NO)")]
    private static partial Regex Available();

    [GeneratedRegex(@"Exit status:(.+)")]
    private static partial Regex ExitStatus();
}
