using Transport.Epoll.Reliability.Hostile;

namespace Transport.Epoll.Reliability.Tests.Hostile;

public sealed class SlowHttpTestFiguresTests
{
    private const string Names = "Seconds,Closed,Pending,Connected,Service Available";

    [Fact]
    public void Parse_LimitEndsThem_AllWereConnectedBefore() =>
        Assert.Equal(
            new SlowHttpTestFigures(1000, 6),
            SlowHttpTestFigures.Parse([Names, "0,0,1,0,1000", "1,0,1,417,1000", "3,0,0,1000,1000", "6,46,0,954,1000", "8,943,0,57,1000"]));

    [Fact]
    public void Parse_AllEndAtOnce_TellsWhen() => Assert.Equal(new SlowHttpTestFigures(1000, 1), SlowHttpTestFigures.Parse([Names, "0,0,1,0,1000", "1,1000,0,0,1000"]));

    [Fact]
    public void Parse_EndedBeforeTheFirstSecond_NoneWasConnected() => Assert.Equal(new SlowHttpTestFigures(0, null), SlowHttpTestFigures.Parse([Names, "0,0,1,0,1000"]));
}
