using Transport.Epoll.EventLoops;

namespace Transport.Epoll.Tests.EventLoops;

public class HandlerTableTests
{
    private readonly HandlerTable _table = new();

    [Fact]
    public void TryGet_Added_ReturnsTheHandler()
    {
        StubHandler handler = new();

        ulong token = _table.Add(handler);

        Assert.True(_table.TryGet(token, out IEventHandler? found));
        Assert.Same(handler, found);
        Assert.Equal(1, _table.Count);
    }

    [Fact]
    public void TryGet_RemovedToken_IsDropped()
    {
        ulong token = _table.Add(new StubHandler());

        Assert.True(_table.Remove(token));

        Assert.False(_table.TryGet(token, out _));
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void TryGet_StaleTokenOfAReusedSlot_IsDropped()
    {
        ulong stale = _table.Add(new StubHandler());
        _table.Remove(stale);
        _table.EndBatch();

        ulong token = _table.Add(new StubHandler());

        Assert.Equal((uint)stale, (uint)token);
        Assert.NotEqual(stale, token);
        Assert.False(_table.TryGet(stale, out _));
        Assert.True(_table.TryGet(token, out _));
    }

    [Fact]
    public void Remove_StaleToken_LeavesTheSuccessor()
    {
        ulong stale = _table.Add(new StubHandler());
        _table.Remove(stale);
        _table.EndBatch();
        ulong token = _table.Add(new StubHandler());

        Assert.False(_table.Remove(stale));

        Assert.True(_table.TryGet(token, out _));
        Assert.Equal(1, _table.Count);
    }

    [Fact]
    public void Add_BeforeTheBatchEnded_TakesAnotherSlot()
    {
        ulong freed = _table.Add(new StubHandler());
        _table.Remove(freed);

        ulong token = _table.Add(new StubHandler());

        Assert.NotEqual((uint)freed, (uint)token);
    }

    [Fact]
    public void EndBatch_TwiceAfterOneRemove_FreesTheSlotOnce()
    {
        _table.Remove(_table.Add(new StubHandler()));
        _table.EndBatch();
        _table.EndBatch();

        ulong first = _table.Add(new StubHandler());
        ulong second = _table.Add(new StubHandler());

        Assert.NotEqual((uint)first, (uint)second);
    }

    [Fact]
    public void Add_BeyondTheFirstSize_Grows()
    {
        StubHandler[] handlers = [.. Enumerable.Range(0, 1000).Select(_ => new StubHandler())];

        ulong[] tokens = [.. handlers.Select(_table.Add)];

        Assert.Equal(1000, tokens.Distinct().Count());
        for (int i = 0; i < tokens.Length; i++)
        {
            Assert.True(_table.TryGet(tokens[i], out IEventHandler? found));
            Assert.Same(handlers[i], found);
        }
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(uint.MaxValue)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 32)]
    public void TryGet_TokenThatNeverWas_IsDropped(ulong token)
    {
        _table.Add(new StubHandler());

        Assert.False(_table.TryGet(token, out _));
        Assert.False(_table.Remove(token));
    }
}
