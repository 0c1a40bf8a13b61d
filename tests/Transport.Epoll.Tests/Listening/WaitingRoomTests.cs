using Transport.Epoll.Listening;

namespace Transport.Epoll.Tests.Listening;

public class WaitingRoomTests
{
    private const int Size = 8;

    private readonly WaitingRoom _room = new(Size);

    [Fact]
    public void Enter_UntilFull_Closes()
    {
        Fill(Size - 1);
        Assert.True(_room.IsOpen);

        _room.Enter();

        Assert.False(_room.IsOpen);
    }

    /// <summary>For all: an acceptor that were let in now could keep the room at this level, and the one that was held up outside.</summary>
    [Fact]
    public void Leave_NotHalfEmpty_StaysClosed()
    {
        Fill(Size);

        for (int i = 0; i < (Size / 2) - 1; i++)
        {
            Assert.False(_room.Leave());
            Assert.False(_room.IsOpen);
        }

        Assert.True(_room.Leave());
        Assert.True(_room.IsOpen);
    }

    /// <summary>Several acceptors may have looked before the last place was taken.</summary>
    [Fact]
    public void Leave_MoreThanFull_OpensOnceAtHalf()
    {
        Fill(Size + 3);

        int opened = Enumerable.Range(0, Size + 3).Count(_ => _room.Leave());

        Assert.Equal(1, opened);
        Assert.True(_room.IsOpen);
    }

    [Fact]
    public void Leave_NeverFull_OpensNothing()
    {
        Fill(Size - 1);

        Assert.DoesNotContain(true, Enumerable.Range(0, Size - 1).Select(_ => _room.Leave()).ToArray());
    }

    private void Fill(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _room.Enter();
        }
    }
}
