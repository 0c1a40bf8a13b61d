using System.Text.RegularExpressions;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Deploy;

/// <summary>The steps of <c>deploy/docker/Dockerfile</c>, without Docker: the same copies, commands, environment and entry point in a folder.</summary>
public partial class DockerfileTests
{
    private static readonly string[] s_lines = [.. DeployFiles.Read("docker/Dockerfile").Split('\n').Where(line => line.Length > 0 && line[0] != '#')];

    [Fact]
    public void Copy_Sources_Exist()
    {
        foreach (var source in Arguments("COPY").Where(copy => !copy.StartsWith("--from", StringComparison.Ordinal)).SelectMany(copy => copy.Split(' ')[..^1]))
        {
            Assert.True(Path.Exists(Path.Combine(DeployFiles.Repository, source)), source);
        }
    }

    [Fact]
    [Trait("Size", "Long")]
    public async Task Build_SameSteps_GiveAnAppThatServesOnTheExposedPort()
    {
        Tool.Require("unshare", "util-linux");
        using var folder = new ScratchFolder();
        var source = Directory.CreateDirectory(folder.File("source")).FullName;
        var app = folder.File("app");
        foreach (var copy in Arguments("COPY").Where(copy => !copy.StartsWith("--from", StringComparison.Ordinal)))
        {
            var names = copy.Split(' ');
            foreach (var name in names[..^1])
            {
                // Into a folder of another name only what the Dockerfile's own ignore file leaves.
                var target = Path.Combine(source, names[^1] is "./" ? name : names[^1]);
                var step = await Tool.RunAsync("bash", ["-c", "set -e; mkdir -p \"$(dirname \"$2\")\"; if [ -d \"$1\" ]; then mkdir -p \"$2\"; tar -C \"$1\" --exclude=bin --exclude=obj -cf - . | tar -C \"$2\" -xf -; else cp \"$1\" \"$2\"; fi",
                    "bash", Path.Combine(DeployFiles.Repository, name), target]);
                Assert.True(step.ExitCode == 0, step.Error);
            }
        }

        foreach (var command in Arguments("RUN"))
        {
            var step = await Tool.RunAsync("bash", ["-c", $"cd {source} && {command.Replace("--output /app", $"--output {app}", StringComparison.Ordinal)} -nodeReuse:false -p:UseSharedCompilation=false"], timeout: TimeSpan.FromMinutes(5));
            Assert.True(step.ExitCode == 0, step.Output);
        }

        var port = Assert.Single(Arguments("EXPOSE"));
        var environment = Arguments("ENV");
        Assert.Contains($"ASPNETCORE_HTTP_PORTS={port}", environment);
        var entry = Entry().Match(Assert.Single(Arguments("ENTRYPOINT"))).Groups[1].Value;

        // In a network of its own, so that nobody else has the port.
        var sample = SampleProcess.Launch("unshare", ["--map-root-user", "--net", "bash", "-c", $"""
            ip link set lo up
            cd {app}
            env {string.Join(' ', environment)} {entry} & sample=$!
            curl -sS --retry 100 --retry-connrefused --retry-delay 0 --retry-max-time 20 --max-time 20 http://127.0.0.1:{port}/info
            kill $sample
            wait $sample
            """]);
        await using (sample)
        {
            await Deadline.UntilAsync(() => sample.HasExited, "the answer", Deadline.Long);
        }

        Assert.Contains("\"transport\":\"epoll\"", sample.Log, StringComparison.Ordinal);
    }

    private static List<string> Arguments(string instruction)
        => [.. s_lines.Where(line => line.StartsWith($"{instruction} ", StringComparison.Ordinal)).Select(line => line[(instruction.Length + 1)..])];

    [GeneratedRegex("""^\["(.+)"\]$""")]
    private static partial Regex Entry();
}
