using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Servers;
using Xunit;

namespace Transport.Epoll.Bench.Tests.Scenarios;

public class ParticipantsTests
{
    private const string AutoWithNumbers = "epoll-auto,epoll-auto-loops1,epoll-auto-loops2";

    [Theory]
    [InlineData(1, "epoll-auto-loops1", "epoll-auto-loops2")]
    [InlineData(2, "epoll-auto-loops2", "epoll-auto-loops1")]
    public void NumberOfLoops_SameAsTheScenarios_IsLeftOutByName(int loops, string same, string other)
    {
        var participants = Choose(AutoWithNumbers, loops);

        Assert.Equal(["sockets", "sockets-control", "epoll-auto", other], participants.Contenders.Select(c => c.Name));
        Assert.Equal([$"{same} is left out: epoll-auto has {loops} here, too."], participants.LeftOut);
    }

    [Fact]
    public void NumberOfLoops_SameAsTheScenariosButAlone_TakesPart()
    {
        var participants = Choose("epoll-inline,epoll-auto-loops1", loops: 1);

        Assert.Equal(["sockets", "sockets-control", "epoll-inline", "epoll-auto-loops1"], participants.Contenders.Select(c => c.Name));
        Assert.Empty(participants.LeftOut);
    }

    [Fact]
    public void Nobody_Named_LeavesOutNumbersOfLoopsAndPeers() =>
        Assert.DoesNotContain(Choose(contenders: null, loops: 1).Contenders, c => c.IsVariant || c.IsPeer);

    private static Participants Choose(string? contenders, int loops) =>
        Participants.Choose(BenchOptions.Parse(contenders is null ? [] : ["--contenders", contenders]), Ability.Plaintext, loops, withPeers: false);
}
