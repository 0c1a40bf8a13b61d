using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Servers;
using Transport.Epoll.Bench.Tests.Support;

namespace Transport.Epoll.Bench.Tests.Scenarios;

/// <summary>All stacks for real, on one database: that they answer alike, and with a limit. One thread.</summary>
[Trait("Size", "Long")]
public sealed class StackAnswersTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task RequireSame_AllStacks_AnswerAlike()
    {
        using var limit = new CancellationTokenSource(s_limit);
        var folder = Directory.CreateTempSubdirectory("transport-epoll-bench-files-");
        try
        {
            Assert.All(Contender.Stacks, contender => Assert.Empty(Tool.Missing(contender.Launcher.Needs)));
            using var sample = await SampleBuild.CreateAsync(BenchOptions.Parse(["--sample", BuiltSample.Path]), limit.Token);
            await using var database = await MariaDb.StartAsync(Path.Combine(folder.FullName, "mariadb"), limit.Token);
            var settings = new ServerSettings(sample, folder.FullName, Loops: null, Http2: false, Tls: false, Pinned: false) { Database = database };
            await using var servers = await ServerGroup.StartAsync(Contender.Stacks, settings, limit.Token);
            foreach (var path in (string[])["/plaintext", "/json", "/db", "/fortunes"])
            {
                await AnswerCheck.RequireSameAsync(servers, path, database.World, limit.Token);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
