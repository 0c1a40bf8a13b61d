using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Servers;
using Xunit;

namespace Transport.Epoll.Bench.Tests.Scenarios;

public class ParticipantsTests
{
    [Theory]
    [InlineData("epoll-auto,epoll-auto-loops1,epoll-auto-loops2", 1, "epoll-auto-loops1")]
    [InlineData("epoll-auto,epoll-auto-loops1,epoll-auto-loops2", 2, "epoll-auto-loops2")]
    [InlineData("epoll-auto-loops2,epoll-auto,epoll-auto-loops1", 2, "epoll-auto-loops2")]
    public void NumberOfLoops_SameAsTheScenarios_IsLeftOutByName(string contenders, int loops, string same)
    {
        var participants = Choose(contenders, loops);

        Assert.Equal(["sockets", "sockets-control", .. contenders.Split(',').Except([same])], participants.Contenders.Select(c => c.Name));
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

    [Fact]
    public void Peers_ThatAreStacks_TakePartOnlyInTheirComparison()
    {
        var peers = Participants.Choose(BenchOptions.Parse([]), Ability.Plaintext, loops: 1, withPeers: true).Contenders;
        var stacks = Participants.Choose(BenchOptions.Parse([]), Ability.Plaintext, loops: 1, withPeers: false, Contender.Stacks).Contenders;

        Assert.DoesNotContain(peers, c => c.IsStack);
        Assert.Contains(peers, c => c.Name == "nginx-tornado");
        Assert.Equal(Contender.Stacks, stacks);
    }

    [Fact]
    public void Comparison_IsAllOfItsScenarios_AndNoneOfThoseThatRunUnnamed()
    {
        var named = BenchOptions.Parse([StackScenarios.Group]).Scenarios;

        Assert.Contains("stacks-db", named);
        Assert.Contains("pressure", named);
        Assert.All(named, name => Assert.Contains(name, ScenarioCatalog.Names));
        Assert.Empty(ScenarioCatalog.DefaultNames.Intersect(named));
    }

    [Fact]
    public void Before_ABuildOfAnotherCommit_TakesPartBesideTheOthers()
    {
        var others = Participants.Choose(BenchOptions.Parse([]), Ability.Plaintext, loops: 1, withPeers: false).Contenders;
        var all = Participants.Choose(BenchOptions.Parse(["--before", "Sample.Web.dll"]), Ability.Plaintext, loops: 1, withPeers: false).Contenders;

        Assert.Equal([.. others, Contender.Find(Contender.Before)], all);
    }

    [Fact]
    public void Before_NamedWithoutABuild_IsRefused() =>
        Assert.Contains("--before", Assert.Throws<BenchException>(() => BenchOptions.Parse(["--contenders", Contender.Before])).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Before_BuildThatIsNotThere_IsNamed()
    {
        using var cancellation = new CancellationTokenSource();
        var exception = await Assert.ThrowsAsync<BenchException>(
            () => SampleBuild.CreateAsync(BenchOptions.Parse(["--sample", typeof(ParticipantsTests).Assembly.Location, "--before", "/nowhere/Sample.Web.dll"]), cancellation.Token));

        Assert.Contains("/nowhere/Sample.Web.dll does not exist", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Https_OfTheTransport_TakesPartWhereTlsIsSpoken()
    {
        var tls = Participants.Choose(BenchOptions.Parse([]), Ability.Tls, loops: 1, withPeers: false).Contenders;

        Assert.Equal(["epoll-auto-https"], tls.Except(Choose(contenders: null, loops: 1).Contenders).Select(c => c.Name));
    }

    private static Participants Choose(string? contenders, int loops) =>
        Participants.Choose(BenchOptions.Parse(contenders is null ? [] : ["--contenders", contenders]), Ability.Plaintext, loops, withPeers: false);
}
