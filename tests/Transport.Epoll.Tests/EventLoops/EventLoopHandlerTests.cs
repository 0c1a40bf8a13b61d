using Transport.Epoll.Native;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.EventLoops;

public sealed class EventLoopHandlerTests : IDisposable
{
    private readonly ScriptedKernel _kernel = new();
    private readonly TestLoop _test;
    private readonly EventFd _source = new(Kernel.Linux);

    public EventLoopHandlerTests() => _test = new TestLoop(_kernel);

    public void Dispose()
    {
        _test.Dispose();
        _source.Dispose();
    }

    [Fact]
    public async Task OnEvents_Edge_ReachesTheHandlerOnce()
    {
        TaskCompletionSource called = new(TaskCreationOptions.RunContinuationsAsynchronously);
        StubHandler handler = new() { OnEvent = called.SetResult };
        await RegisterAsync(_source.Number, handler);

        _source.Signal();

        await called.Task.WithTimeout();
        await _test.PassTwoTurnsAsync();
        Assert.Equal([EpollEvents.In], handler.Events);
    }

    [Fact]
    public async Task OnEvents_Throws_GetsOnFaultAndTheLoopGoesOn()
    {
        InvalidOperationException thrown = new("from a handler");
        StubHandler throwing = new() { OnEvent = () => throw thrown };
        StubHandler other = new();
        ulong first = await RegisterAsync(_source.Number, throwing);
        using EventFd second = new(Kernel.Linux);
        ulong next = await RegisterAsync(second.Number, other);

        _kernel.Inject(new EpollEvent(EpollEvents.In, first), new EpollEvent(EpollEvents.In, next));
        await _test.PassTwoTurnsAsync();

        Assert.Equal([thrown], throwing.Faults);
        Assert.Equal([EpollEvents.In], other.Events);
        Assert.Empty(_test.Faults);
    }

    [Fact]
    public async Task OnEvents_HandlerForgottenInTheSameBatch_IsNotCalled()
    {
        StubHandler second = new();
        ulong secondToken = 0;
        StubHandler first = new() { OnEvent = () => _test.Loop.Forget(secondToken) };
        ulong firstToken = await RegisterAsync(_source.Number, first);
        using EventFd other = new(Kernel.Linux);
        secondToken = await RegisterAsync(other.Number, second);

        _kernel.Inject(new EpollEvent(EpollEvents.In, firstToken), new EpollEvent(EpollEvents.In, secondToken));
        await _test.PassTwoTurnsAsync();

        Assert.Single(first.Events);
        Assert.Empty(second.Events);
    }

    [Fact]
    public async Task OnEvents_SuccessorRegisteredInTheSameBatch_DoesNotGetTheOldEvent()
    {
        StubHandler old = new();
        StubHandler successor = new();
        ulong oldToken = 0;
        using EventFd other = new(Kernel.Linux);
        StubHandler first = new()
        {
            OnEvent = () =>
            {
                _test.Loop.Unregister(other.Number);
                _test.Loop.Forget(oldToken);
                _test.Loop.Register(other.Number, successor, EpollEvents.In, out _).ThrowIfFailed();
            },
        };
        ulong firstToken = await RegisterAsync(_source.Number, first);
        oldToken = await RegisterAsync(other.Number, old);

        _kernel.Inject(new EpollEvent(EpollEvents.In, firstToken), new EpollEvent(EpollEvents.In, oldToken));
        await _test.PassTwoTurnsAsync();

        Assert.Empty(old.Events);
        Assert.Empty(successor.Events);
    }

    [Fact]
    public async Task OnEvents_UnknownToken_IsDropped()
    {
        _kernel.Inject(new EpollEvent(EpollEvents.In, ulong.MaxValue), new EpollEvent(EpollEvents.Hup, 12345));

        await _test.PassTwoTurnsAsync();

        Assert.Empty(_test.Faults);
    }

    [Fact]
    public async Task Register_Refused_FreesTheSlot()
    {
        _kernel.OnEpollAdd.Fail(Errno.ENOSPC);
        StubHandler refused = new();

        (SysResult result, ulong token) = await _test.RunAsync(() => (_test.Loop.Register(_source.Number, refused, EpollEvents.In, out ulong token), token));
        _kernel.Inject(new EpollEvent(EpollEvents.In, token));
        await _test.PassTwoTurnsAsync();

        Assert.Equal(Errno.ENOSPC, result.Errno);
        Assert.Empty(refused.Events);
    }

    private Task<ulong> RegisterAsync(int descriptor, StubHandler handler) => _test.RunAsync(() =>
    {
        _test.Loop.Register(descriptor, handler, EpollEvents.In, out ulong token).ThrowIfFailed();
        return token;
    });
}
