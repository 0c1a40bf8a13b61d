using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Reflection;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Connections;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Connections;

/// <summary>
/// Whatever throws, and wherever: a connection ends, its descriptor is closed, and what it was given is given back. The harness checks the latter
/// when it is disposed.
/// </summary>
public sealed class EndFaultTests
{
    /// <summary>How a connection may end.</summary>
    public enum Ending
    {
        Fin,
        Reset,
        Abort,
        Dispose,
    }

    [Theory]
    [InlineData(Ending.Fin, false)]
    [InlineData(Ending.Fin, true)]
    [InlineData(Ending.Reset, false)]
    [InlineData(Ending.Abort, false)]
    [InlineData(Ending.Abort, true)]
    [InlineData(Ending.Dispose, false)]
    public async Task Life_ThrowsAtEachOfItsCalls_EndsAllTheSame(Ending ending, bool inline)
    {
        int calls = int.MaxValue;
        for (int failing = 1; failing <= calls; failing++)
        {
            calls = await LiveAsync(ending, inline, failing);
        }

        Assert.InRange(calls, 8, 100); // none would prove nothing
    }

    [Fact]
    public async Task Pool_Throws_CostsItsConnectionOnly()
    {
        ThrowingPool pool = new();
        await using ConnectionHarness harness = ConnectionHarness.Tcp(pool: pool);
        (EpollConnection other, Socket otherClient) = harness.Add();
        pool.Throws = true;
        await harness.Client.SendAsync(new byte[] { 1 }).WithTimeout();

        Assert.Same(pool.Thrown, await Record.ExceptionAsync(() => harness.Input.ReadAsync().WithTimeout()));
        await harness.Connection.DisposeAsync().WithTimeout();

        pool.Throws = false;
        await otherClient.SendAsync(new byte[] { 2 }).WithTimeout();
        ReadResult read = await other.Transport.Input.ReadAsync().WithTimeout();
        Assert.Equal(1, read.Buffer.Length);
        other.Transport.Input.AdvanceTo(read.Buffer.End);
    }

    [Theory]
    [InlineData("_input")]
    [InlineData("_output")]
    public async Task PumpEnds_InterruptionLeftAndItsPipeLocked_EndsAllTheSame(string pipe)
    {
        // A callback has left an interruption on the loop's thread: it shows in the next lock that is contended, that of the pipe that ends.
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Test.PassTwoTurnsAsync();
        using LockHolder holder = new(LockOf(harness, pipe));
        if (pipe == "_input")
        {
            harness.Kernel.OnReceive.Before = LeaveInterruption;
            harness.Client.Shutdown(SocketShutdown.Send);
        }
        else
        {
            harness.Test.Loop.Post(_ =>
            {
                LeaveInterruption();
                harness.Connection.Abort();
            }, null);
        }

        await holder.Held.Task.WithTimeout();
        await Waiting.UntilAsync(() => (harness.Test.Thread.ThreadState & ThreadState.WaitSleepJoin) != 0);
        holder.Let.Set();

        await harness.Connection.ConnectionClosed.WithTimeout();
        await harness.Connection.DisposeAsync().WithTimeout();

        void LeaveInterruption()
        {
            holder.Hold();
            Thread.CurrentThread.Interrupt();
        }
    }

    [Fact]
    public async Task DisposeAsync_InterruptionLeftAndLocksTaken_EndsAllTheSame()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        await harness.Test.PassTwoTurnsAsync();
        object gate = LockOf(harness, "_input");
        Task? disposed = null;
        Thread disposing = new(() =>
        {
            Thread.CurrentThread.Interrupt();
            disposed = harness.Connection.DisposeAsync().AsTask();
        });
        lock (gate)
        {
            disposing.Start();
            SpinWait.SpinUntil(() => (disposing.ThreadState & ThreadState.WaitSleepJoin) != 0, Waiting.Limit);
        }

        disposing.JoinWithTimeout();
        await disposed!.WithTimeout();
    }

    /// <summary>Lives a connection's life, in which the call of this number throws; how many calls there were.</summary>
    private static async Task<int> LiveAsync(Ending ending, bool inline, int failing)
    {
        ThrowingPool pool = new();
        int calls = 0;
        void Call()
        {
            if (Interlocked.Increment(ref calls) == failing)
            {
                throw new InvalidOperationException($"call {failing}");
            }
        }

        await using ConnectionHarness harness = ConnectionHarness.Tcp(inline, start: false, pool: pool);
        pool.Before = Call;
        harness.Logger.Before = _ => Call();
        harness.AfterReport = Call;
        harness.Kernel.OnReceive.Before = harness.Kernel.OnSend.Before = harness.Kernel.OnConnect.Before = harness.Kernel.OnShutdown.Before = Call;
        harness.Connection.Start();

        await AttemptAsync(async () =>
        {
            await harness.Client.SendAsync(new byte[] { 1, 2, 3 }).WithTimeout();
            await harness.ReadAsync(3);
            await harness.Output.WriteAsync(new byte[] { 4, 5 }).WithTimeout();
            await harness.ReceiveAsync(2);
        });
        await AttemptAsync(async () =>
        {
            switch (ending)
            {
                case Ending.Fin:
                    harness.Client.Shutdown(SocketShutdown.Send);
                    await harness.Input.ReadAsync().WithTimeout();
                    break;
                case Ending.Reset:
                    harness.Client.LingerState = new LingerOption(true, 0);
                    harness.Client.Close();
                    await harness.Input.ReadAsync().WithTimeout();
                    break;
                case Ending.Abort:
                    harness.Connection.Abort(new ConnectionAbortedException("the test's"));
                    await harness.Input.ReadAsync().WithTimeout();
                    break;
            }
        });
        await harness.Connection.DisposeAsync().WithTimeout();
        Assert.True(harness.Connection.Descriptor.IsClosed);
        Assert.True(harness.Connection.ConnectionClosed.IsCancellationRequested);
        return calls;
    }

    /// <summary>The call that throws may be the application's own, or be told to it.</summary>
    private static async Task AttemptAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception exception) when (exception is not TimeoutException)
        {
        }
    }

    private static object LockOf(ConnectionHarness harness, string pipe)
    {
        object found = typeof(EpollConnection).GetField(pipe, BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(harness.Connection)!;
        return typeof(Pipe).GetProperty("SyncObj", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(found)!;
    }

    /// <summary>Holds a lock, once, on a thread of its own, until it is told to let go.</summary>
    private sealed class LockHolder(object gate) : IDisposable
    {
        private Thread? _thread;

        public TaskCompletionSource Held { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ManualResetEventSlim Let { get; } = new();

        /// <summary>Returns when the lock is held.</summary>
        public void Hold()
        {
            if (_thread is not null)
            {
                return;
            }

            using ManualResetEventSlim held = new();
            _thread = new Thread(() =>
            {
                lock (gate)
                {
                    held.Set();
                    Let.Wait(Waiting.Limit);
                }
            });
            _thread.Start();
            held.WaitWithTimeout();
            Held.SetResult();
        }

        public void Dispose()
        {
            Let.Set();
            _thread?.JoinWithTimeout();
            Let.Dispose();
        }
    }

    /// <summary>A pool of the application's. Any thread.</summary>
    private sealed class ThrowingPool : MemoryPool<byte>
    {
        public Exception Thrown { get; } = new InvalidOperationException("from the pool");

        public bool Throws { get; set; }

        public Action? Before { get; set; }

        public override int MaxBufferSize => 4096;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            Before?.Invoke();
            return Throws ? throw Thrown : new Block(this);
        }

        protected override void Dispose(bool disposing)
        {
        }

        private sealed class Block(ThrowingPool pool) : IMemoryOwner<byte>
        {
            public Memory<byte> Memory { get; } = new byte[4096];

            public void Dispose() => pool.Before?.Invoke();
        }
    }
}
