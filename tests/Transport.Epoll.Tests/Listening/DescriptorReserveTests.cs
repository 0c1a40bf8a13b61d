using Transport.Epoll.Listening;
using Transport.Epoll.Native;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Listening;

public class DescriptorReserveTests
{
    private const int Limit = 100;
    private const int Threads = 24;
    private const int FirstReserved = Limit - DescriptorReserve.Size;

    private readonly CountingKernel _kernel = new();

    [Fact]
    public void Accept_UntilNothingIsFree_LeavesTheReserve()
    {
        DescriptorReserve reserve = new(_kernel, accepting: 1);

        AcceptAll(reserve);

        Assert.Equal(FirstReserved, _kernel.Open);
        Assert.False(reserve.IsFree());
    }

    [Fact]
    public void Accept_ADescriptorIsFreeAgain_TakesIt()
    {
        DescriptorReserve reserve = new(_kernel, accepting: 1);
        AcceptAll(reserve);
        _kernel.Close(0);

        Assert.True(reserve.IsFree());
        AcceptAll(reserve);
        Assert.Equal(FirstReserved, _kernel.Open);
    }

    [Fact]
    public void AcceptAny_NothingIsFree_TakesFromTheReserve()
    {
        DescriptorReserve reserve = new(_kernel, accepting: 1);
        AcceptAll(reserve);

        Assert.True(reserve.AcceptAny(0, default, out _).IsOk);
    }

    [Fact]
    public void Accept_LimitIsRaised_TakesAllButTheReserveOfTheNewOne()
    {
        DescriptorReserve reserve = new(_kernel, accepting: 1);
        AcceptAll(reserve);
        _kernel.Limit = 2 * Limit;

        Assert.True(reserve.IsFree());
        AcceptAll(reserve);

        Assert.Equal((2 * Limit) - DescriptorReserve.Size, _kernel.Open);
    }

    [Fact]
    public void Accept_LimitIsLowered_LeavesTheReserveOfTheNewOne()
    {
        DescriptorReserve reserve = new(_kernel, accepting: 1);
        Assert.True(reserve.Accept(0, default, out _).IsOk);
        _kernel.Limit = Limit / 2;

        AcceptAll(reserve);

        Assert.Equal((Limit / 2) - DescriptorReserve.Size, _kernel.Open);
        Assert.False(reserve.IsFree());
    }

    /// <summary>All threads are in the kernel before the first of them can know that few are left, and it takes all that it can before the others go on.</summary>
    [Fact]
    public void Accept_OnAllThreadsAtTheSameMoment_LeavesTheReserve()
    {
        DescriptorReserve reserve = new(_kernel, Threads);
        _kernel.Open = FirstReserved - Threads;
        using CountdownEvent inKernel = new(Threads);
        using ManualResetEventSlim firstEnded = new();
        bool[] hasCome = new bool[Threads];
        _kernel.OnAccept = thread =>
        {
            if (!hasCome[thread])
            {
                hasCome[thread] = true;
                inKernel.Signal();
                inKernel.WaitWithTimeout();
                if (thread != 0)
                {
                    firstEnded.WaitWithTimeout();
                }
            }
        };

        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(i => new Thread(() => AcceptAll(reserve, i)))];
        Array.ForEach(threads, thread => thread.Start());
        threads[0].JoinWithTimeout();
        firstEnded.Set();

        Array.ForEach(threads, thread => thread.JoinWithTimeout());
        Assert.Equal(FirstReserved, _kernel.Open);
    }

    private static void AcceptAll(DescriptorReserve reserve, int listener = 0)
    {
        while (reserve.Accept(listener, default, out _).IsOk)
        {
        }
    }

    /// <summary>Gives out the lowest free number, in a process in which nothing else happens.</summary>
    private sealed class CountingKernel : Kernel
    {
        private int _open;

        public int Open
        {
            get => Volatile.Read(ref _open);
            set => Volatile.Write(ref _open, value);
        }

        /// <summary>Called with the listener in each call of accept.</summary>
        public Action<int>? OnAccept { get; set; }

        public int Limit { get; set; } = DescriptorReserveTests.Limit;

        public override SysResult DescriptorLimit() => SysResult.Ok(Limit);

        public override SysResult Accept(int descriptor, Span<byte> address, out int length)
        {
            OnAccept?.Invoke(descriptor);
            length = 0;
            return Take();
        }

        public override SysResult EventFdCreate() => Take();

        public override SysResult Close(int descriptor)
        {
            Interlocked.Decrement(ref _open);
            return SysResult.Ok(0);
        }

        private SysResult Take() => SysResult.Ok(Interlocked.Increment(ref _open) - 1);
    }
}
