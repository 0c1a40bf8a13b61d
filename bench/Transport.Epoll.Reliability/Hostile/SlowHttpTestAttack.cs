using System.Net;
using System.Text.RegularExpressions;
using Transport.Epoll.Bench;

namespace Transport.Epoll.Reliability.Hostile;

/// <summary>
/// slowhttptest in one of its modes, within Kestrel's limits. Its own probe must find the server available all the while; where a limit holds
/// for what it does, that must end each connection, and none before its time.
/// </summary>
internal sealed partial class SlowHttpTestAttack(string mode, string what, string path, int? limitSeconds = null) : IAttack
{
    /// <summary>It ends before when it has no connection left.</summary>
    private const int Seconds = 10;
    private const int SecondsBeyondLimit = 20;
    private const int ProbeSeconds = 3;
    private const int HeaderSeconds = 6;
    private const int BodySeconds = 5;

    public string Name => $"slowhttptest-{what}";

    public string Summary => $"slowhttptest {mode}, {DefaultTimes} connections";

    public int DefaultTimes => 1000;

    public IEnumerable<string> Tools => ["slowhttptest"];

    public string[] ServerArguments => ["--Kestrel:Limits:RequestHeadersTimeout", $"00:00:0{HeaderSeconds}"];

    public static SlowHttpTestAttack Headers { get; } = new("-H", "headers", "/plaintext", HeaderSeconds);

    /// <summary>Kestrel's own rate, after its grace.</summary>
    public static SlowHttpTestAttack Body { get; } = new("-B", "body", "/upload", BodySeconds);

    public static SlowHttpTestAttack Range { get; } = new("-R", "range", "/download/1000000");

    public static SlowHttpTestAttack Read { get; } = new("-X", "read", "/download/10000000");

    public async Task<string> RunAsync(AttackTarget target, int times, CancellationToken cancellation)
    {
        var url = $"http://{(IPEndPoint)target.Server.EndPoint}{path}";
        var seconds = limitSeconds + SecondsBeyondLimit ?? Seconds;
        var folder = Directory.CreateTempSubdirectory("slowhttptest-").FullName;
        try
        {
            var file = Path.Combine(folder, "figures");
            string[] arguments = [mode, "-c", $"{times}", "-r", $"{times}", "-l", $"{seconds}", "-i", "1", "-p", $"{ProbeSeconds}", "-g", "-o", file, "-u", url];
            var output = Color().Replace(await Waiting.WithinLimitAsync(
                stop => Tool.RunAsync("slowhttptest", arguments, stop), "slowhttptest", () => target.Server.State, cancellation, TimeSpan.FromSeconds(seconds) + Waiting.Limit), "");

            // One block of figures every five seconds.
            var available = Available().Matches(output);
            target.Expect(available.Count > 0 && available.All(m => m.Groups[1].Value == "YES"), "slowhttptest found the server unavailable");
            var status = ExitStatus().Match(output).Groups[1].Value.Trim();
            if (limitSeconds is { } limit)
            {
                var figures = SlowHttpTestFigures.Parse(await File.ReadAllLinesAsync(file + ".csv", cancellation));
                target.Expect(status == "No open connections left", $"the limit did not end all connections: {status}");
                target.Expect(figures.MostConnected == times, $"slowhttptest had {figures.MostConnected} connections, not {times}");
                target.Expect(figures.FirstClosed is null || figures.FirstClosed >= limit / 2, $"connections ended after {figures.FirstClosed} s already");
            }

            return $"it ended with: {status}";
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [GeneratedRegex(@"\x1b\[[0-9;]*m")]
    private static partial Regex Color();

    [GeneratedRegex(@"service available:\s*(YES|NO)")]
    private static partial Regex Available();

    [GeneratedRegex(@"Exit status:(.+)")]
    private static partial Regex ExitStatus();
}
