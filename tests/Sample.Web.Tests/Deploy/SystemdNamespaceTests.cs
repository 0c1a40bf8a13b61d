using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Deploy;

/// <summary>The units of <c>deploy/systemd</c> as they are, run by systemd itself, as the first process of namespaces of its own.</summary>
[Trait("Size", "Long")]
public sealed class SystemdNamespaceTests : IDisposable
{
    private const string ControlGroups = "/sys/fs/cgroup";

    private readonly ScratchFolder _folder = new(forEverybody: true);
    private readonly string _group = $"deploy-tests-{Environment.ProcessId}";

    public SystemdNamespaceTests()
    {
        Assert.True(Environment.IsPrivilegedProcess, "Only root can start systemd in namespaces of its own.");
        Tool.Require("systemd-analyze", "systemd");
        Tool.Require("nsenter", "util-linux");
        Tool.Require("curl", "curl");
    }

    [Fact]
    public async Task TcpSocket_Started_ServesHardened()
    {
        await using var systemd = await StartAsync("sample-web.socket");

        Assert.Contains("\"transport\":\"epoll\"", await InsideAsync(systemd, "curl -sS --max-time 25 http://127.0.0.1:8080/info"), StringComparison.Ordinal);

        await InsideAsync(systemd, "systemctl start sample-web@direct.service"); // returns when it is ready: the answer may come a moment before
        var process = await InsideAsync(systemd, "cat /proc/$(systemctl show -P MainPID sample-web@direct.service)/status");
        Assert.Matches(@"NoNewPrivs:\s+1", process);
        Assert.Matches(@"Seccomp:\s+2", process);
        Assert.Matches(@"CapEff:\s+0+\s", process);
        Assert.DoesNotMatch(@"Uid:\s+0", process);

        // Without CAP_SYS_RESOURCE systemd can't give more than it has itself.
        var own = System.Text.RegularExpressions.Regex.Match(await File.ReadAllTextAsync("/proc/self/limits"), @"Max open files\s+\d+\s+(\d+)").Groups[1].Value;
        Assert.Matches($@"Max open files\s+\d+\s+(65536|{own})\s", await InsideAsync(systemd, "cat /proc/$(systemctl show -P MainPID sample-web@direct.service)/limits"));
    }

    [Fact]
    public async Task UnixSockets_Restart_LosesNoRequest()
    {
        await using var systemd = await StartAsync("sample-web@1.socket", "sample-web@2.socket");
        Assert.Equal("660 root www-data", await InsideAsync(systemd, "stat -c '%a %U %G' /run/sample-web/1.sock"));

        var answers = await InsideAsync(systemd, """
            for i in 1 2 3 4; do
              ( for n in $(seq 40); do curl -sS --max-time 25 --unix-socket /run/sample-web/1.sock http://localhost/plaintext || echo failed; done ) &
            done
            sleep 1; systemctl restart sample-web@1.service; wait
            """);

        Assert.DoesNotContain("failed", answers, StringComparison.Ordinal);
        Assert.Equal(160 * "Hello, World!".Length, answers.Length); // in whatever order
        Assert.Equal("success", await InsideAsync(systemd, "systemctl show -P Result sample-web@1.service"));
    }

    [Fact]
    public async Task Endpoints_SettingsChange_AreReloadedWithoutARestart()
    {
        await using var systemd = await StartAsync("sample-web.socket");
        Assert.Equal("Hello, World!", await InsideAsync(systemd, "curl -sS --max-time 25 http://127.0.0.1:8080/plaintext"));
        var process = await InsideAsync(systemd, "systemctl show -P MainPID sample-web@direct.service");

        await InsideAsync(systemd, """echo '{ "Kestrel": { "Endpoints": { "Second": { "Url": "http://127.0.0.1:8081" } } } }' > /etc/sample-web/appsettings.json""");

        Assert.Equal("Hello, World!", await InsideAsync(systemd, "curl -sS --retry 200 --retry-connrefused --retry-delay 0 --retry-max-time 25 --max-time 25 http://127.0.0.1:8081/plaintext"));
        Assert.Equal(process, await InsideAsync(systemd, "systemctl show -P MainPID sample-web@direct.service"));
        await InsideAsync(systemd, "systemctl stop sample-web.socket sample-web@direct.service");
        Assert.Equal("success", await InsideAsync(systemd, "systemctl show -P Result sample-web@direct.service"));
    }

    public void Dispose()
    {
        _folder.Dispose();
        foreach (var group in GroupRoots().Select(root => Path.Combine(root, _group)).Where(Directory.Exists))
        {
            foreach (var child in Directory.EnumerateDirectories(group, "*", SearchOption.AllDirectories).OrderByDescending(path => path.Length).Append(group))
            {
                Directory.Delete(child);
            }
        }
    }

    /// <summary>Each hierarchy of version 1, or the one of version 2.</summary>
    private static IEnumerable<string> GroupRoots()
        => File.Exists($"{ControlGroups}/cgroup.procs") ? [ControlGroups] : Directory.EnumerateDirectories(ControlGroups).Where(root => File.Exists($"{root}/cgroup.procs"));

    private async Task<RunningSystemd> StartAsync(params string[] sockets)
    {
        var units = Directory.CreateDirectory(_folder.File("units")).FullName;
        foreach (var unit in Directory.EnumerateFiles(DeployFiles.Path("systemd")))
        {
            File.Copy(unit, Path.Combine(units, Path.GetFileName(unit)));
        }

        await File.WriteAllTextAsync(Path.Combine(units, "test.target"), $"[Unit]\nDefaultDependencies=no\nWants={string.Join(' ', sockets)}\n");
        var script = Path.Combine(DeployFiles.Repository, "tests/Sample.Web.Tests/Deploy/systemd-in-a-namespace.sh");
        var enter = string.Concat(GroupRoots().Select(root => $"mkdir {root}/{_group} && {{ echo $$ > {root}/{_group}/cgroup.procs; }} 2> /dev/null; "));
        var outer = RunningTool.Start("bash", ["-c", $"{enter}exec unshare --fork --pid --mount --ipc --uts --cgroup --net --kill-child --mount-proc bash {script} {units} {AppContext.BaseDirectory}"]);
        var systemd = new RunningSystemd(outer);
        try
        {
            await Deadline.UntilAsync(() => outer.HasExited || systemd.FindFirstProcess(), "systemd's process", Deadline.Long);
            Assert.False(outer.HasExited, outer.Log);
            foreach (var socket in sockets)
            {
                // systemctl answers only once systemd has come so far.
                await InsideAsync(systemd, $"until [ \"$(systemctl is-active {socket} 2>/dev/null)\" = active ]; do sleep 0.1; done");
            }

            return systemd;
        }
        catch
        {
            await systemd.DisposeAsync();
            throw;
        }
    }

    private static async Task<string> InsideAsync(RunningSystemd systemd, string command)
    {
        var result = await Tool.RunAsync("nsenter", ["--target", $"{systemd.FirstProcess}", "--mount", "--pid", "--net", "--ipc", "--uts", "bash", "-c", command]);
        Assert.True(result.ExitCode == 0, $"{command}\n{result.Output}\n{result.Error}\n{systemd.Log}");
        return result.Output.Trim();
    }

    /// <summary>The process outside, which ignores SIGTERM as long as systemd lives, and systemd itself, which ends all others.</summary>
    private sealed class RunningSystemd(RunningTool outer) : IAsyncDisposable
    {
        public int FirstProcess { get; private set; }

        public string Log => outer.Log;

        public bool FindFirstProcess()
        {
            var children = File.ReadAllText($"/proc/{outer.Id}/task/{outer.Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            FirstProcess = children.Length == 0 ? 0 : int.Parse(children[0], System.Globalization.CultureInfo.InvariantCulture);
            return FirstProcess != 0 && File.ReadAllText($"/proc/{FirstProcess}/comm").Trim() == "systemd";
        }

        public async ValueTask DisposeAsync()
        {
            if (FirstProcess != 0 && !outer.HasExited)
            {
                // SIGRTMIN+14 would power off at once; a first process that is killed takes all of its namespace with it.
                Signals.Kill(FirstProcess);
                await Deadline.UntilAsync(() => outer.HasExited, "the end of the namespaces", Deadline.Long);
            }

            await outer.DisposeAsync();
        }
    }
}
