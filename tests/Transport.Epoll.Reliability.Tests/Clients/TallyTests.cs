using Transport.Epoll.Reliability.Clients;

namespace Transport.Epoll.Reliability.Tests.Clients;

public sealed class TallyTests
{
    [Fact]
    public void Lose_SameReasonTwice_TellsTheFirstState()
    {
        var tally = new Tally();
        var looks = 0;

        tally.Lose("no answer", () => $"look {++looks}\nof it");
        tally.Lose("no answer", () => $"look {++looks}");
        tally.Lose("reset");

        Assert.Equal(["2 × no answer, the first: look 1 of it", "1 × reset"], tally.Losses);
    }
}
