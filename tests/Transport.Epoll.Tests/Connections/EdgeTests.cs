using Transport.Epoll.Connections;
using Transport.Epoll.Native;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Connections;

public class EdgeTests
{
    [Theory]
    [InlineData((uint)EpollEvents.None)]
    [InlineData((uint)EpollEvents.In)]
    [InlineData((uint)EpollEvents.Out)]
    [InlineData((uint)(EpollEvents.In | EpollEvents.Out | EpollEvents.Pri))]
    [InlineData((uint)EpollEvents.RdHup)]
    [InlineData((uint)(EpollEvents.Err | EpollEvents.Hup))]
    [InlineData(uint.MaxValue)]
    public async Task OnEvents_Spurious_ChangeNothing(uint events)
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Test.PassTwoTurnsAsync();

        await harness.InjectAsync(new EpollEvent((EpollEvents)events, harness.Token));

        Assert.InRange(harness.Kernel.OnReceive.Calls, 0, 2);
        await harness.AssertWorksAsync();
    }

    [Fact]
    public async Task OnEvents_DuplicatesInOneBatch_DeliverTheBytesOnce()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Test.PassTwoTurnsAsync();
        EpollEvent ready = new(EpollEvents.In | EpollEvents.Out, harness.Token);

        await harness.InjectAsync(ready, ready, ready, ready);
        await harness.AssertWorksAsync();
        await harness.InjectAsync(ready, ready);

        await harness.AssertWorksAsync();
        Assert.InRange(harness.Kernel.OnReceive.Calls, 2, 20);
    }

    [Fact]
    public async Task OnEvents_ErrorFlagsStay_DoNotSpin()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Test.PassTwoTurnsAsync();
        for (int i = 0; i < 20; i++)
        {
            await harness.InjectAsync(new EpollEvent(EpollEvents.Err | EpollEvents.Hup, harness.Token));
        }

        Assert.InRange(harness.Kernel.OnReceive.Calls, 1, 21);
        await harness.AssertWorksAsync();
    }

    [Fact]
    public async Task OnEvents_TokenOfAClosedConnection_DoesNotReachItsSuccessor()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Test.PassTwoTurnsAsync();
        ulong stale = harness.Token;
        await harness.Connection.DisposeAsync().WithTimeout();
        await harness.Test.PassTwoTurnsAsync();
        (EpollConnection successor, _) = harness.Add();
        await harness.Test.PassTwoTurnsAsync();
        ulong token = harness.Kernel.TokenOf(successor.Descriptor.Number);
        int before = harness.Kernel.OnReceive.Calls;

        await harness.InjectAsync(new EpollEvent(EpollEvents.In | EpollEvents.Hup, stale));

        Assert.Equal((uint)stale, (uint)token);
        Assert.NotEqual(stale, token);
        Assert.Equal(before, harness.Kernel.OnReceive.Calls);
    }

    [Fact]
    public async Task OnEvents_ConnectionEndsWithinTheBatch_LaterEventsAreHarmless()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Test.PassTwoTurnsAsync();
        harness.Kernel.OnReceive.FailAlways(Errno.ECONNRESET);
        EpollEvent ready = new(EpollEvents.In | EpollEvents.Out | EpollEvents.Err | EpollEvents.Hup, harness.Token);

        await harness.InjectAsync(ready, ready, ready);

        await harness.Connection.ConnectionClosed.WithTimeout();
        Assert.Equal(1, harness.Kernel.OnReceive.Calls);
        await harness.Connection.DisposeAsync().WithTimeout();
    }

    [Fact]
    public async Task Start_RegistrationRefused_AbortsTheConnection()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp(start: false);
        harness.Kernel.OnEpollAdd.Fail(Errno.ENOSPC);

        harness.Connection.Start();

        await Assert.ThrowsAsync<Microsoft.AspNetCore.Connections.ConnectionAbortedException>(() => harness.Input.ReadAsync().WithTimeout());
        await harness.Connection.ConnectionClosed.WithTimeout();
    }
}
