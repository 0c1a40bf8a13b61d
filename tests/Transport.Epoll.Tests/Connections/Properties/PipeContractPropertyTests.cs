using System.Buffers;
using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using Transport.Epoll.Connections;
using Transport.Epoll.Diagnostics;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Native;
using Transport.Epoll.Scheduling;
using Transport.Epoll.Tests.Native;
using Transport.Epoll.Tests.Support;
using Xunit.Abstractions;

namespace Transport.Epoll.Tests.Connections.Properties;

/// <summary>
/// Random orders and sizes of everything that client and application may do with one connection, on a kernel that misbehaves within its rules, against
/// a reference of two queues. PROPERTY_CASES says how many for each combination (default: 60); PROPERTY_SEED=N,M, as a failure prints it, repeats a run.
/// </summary>
public sealed class PipeContractPropertyTests(ITestOutputHelper output) : IConnectionOwner
{
    private const int MaxSteps = 60;
    private const int MaxSize = 24_000;
    private const int PipeSize = 16 * 1024;

    private readonly FaultyKernel _kernel = new();

    public static TheoryData<TransportKind, bool> Combinations
    {
        get
        {
            TheoryData<TransportKind, bool> data = [];
            foreach (TransportKind kind in new[] { TransportKind.EpollAuto, TransportKind.EpollInline, TransportKind.EpollThreadPool })
            {
                data.Add(kind, false);
                data.Add(kind, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task Connection_AnyOrderOfSteps_KeepsThePipeContract(TransportKind kind, bool unix)
    {
        using GroupOfOne loops = new(_kernel, kind);
        ConnectionSettings settings = new(_kernel, MemoryPool<byte>.Shared, NullLogger.Instance, kind != TransportKind.EpollThreadPool, NoDelay: true,
            PipeSize, PipeSize, FinOnError: false);
        int cases = 0;
        Property property = Prop.ForAll(Arb.From(Scenarios, scenario => scenario.Shrink()), scenario =>
        {
            cases++;
            RunAsync(settings, loops.Loop, scenario, unix).GetAwaiter().GetResult();
        });

        await Task.Factory.StartNew(() => Check.One(Settings(), property), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        output.WriteLine($"{cases} scenarios, {_kernel.Faults} faults of the kernel");
        Assert.NotEqual(0, _kernel.Faults);
    }

    void IConnectionOwner.OnFirstBytesConsumed(EpollConnection connection)
    {
    }

    void IConnectionOwner.OnDescriptorClosed()
    {
    }

    void IConnectionOwner.OnDisposed()
    {
    }

    private static Gen<Step> Steps =>
        from kind in Gen.Choose(0, Step.Kinds - 1)
        from size in Gen.Choose(1, MaxSize)
        from small in Gen.Choose(0, 1)
        select Step.Of(kind, small == 0 ? 1 + (size % 100) : size);

    private static Gen<Scenario> Scenarios =>
        from steps in Steps.ArrayOf()
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from oneIn in Gen.Elements(0, 2, 5, 20)
        select new Scenario(steps, seed, oneIn);

    private static Config Settings()
    {
        Config config = Config.QuickThrowOnFailure.WithMaxTest(Number("PROPERTY_CASES", 60)).WithStartSize(4).WithEndSize(MaxSteps);
        string[] seed = (Environment.GetEnvironmentVariable("PROPERTY_SEED") ?? "").Split(',');
        return seed.Length == 2
            ? config.WithReplay(ulong.Parse(seed[0], CultureInfo.InvariantCulture), ulong.Parse(seed[1], CultureInfo.InvariantCulture))
            : config;
    }

    private static int Number(string variable, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    private async Task RunAsync(ConnectionSettings settings, EventLoop loop, Scenario scenario, bool unix)
    {
        _kernel.Begin(scenario.KernelSeed, scenario.FaultOneIn);
        using SocketPair pair = unix ? SocketPair.Unix() : SocketPair.Tcp();
        EpollConnection connection = new(settings, loop, new FileDescriptor(_kernel, pair.Accepted), unix, null, null, this);
        connection.Start();
        ModelledConnection modelled = new(connection, pair.Client, unix);
        try
        {
            await modelled.RunAsync(scenario.Steps);
        }
        catch (Exception exception) when (exception is not ContractBrokenException)
        {
            throw new ContractBrokenException($"{exception}\n{modelled}");
        }
        finally
        {
            connection.Abort();
        }
    }

    /// <summary>One loop as the factory makes it for a mode.</summary>
    private sealed class GroupOfOne : IDisposable
    {
        private readonly EventLoopGroup _group;

        public GroupOfOne(Kernel kernel, TransportKind kind)
        {
            AutoTimes? auto = kind == TransportKind.EpollAuto ? new AutoSchedulingOptions().ToTimes() : null;
            _group = EventLoopFactory.CreateGroup(kernel, 1, 0, null, auto, new SchedulingCounters(null), NullLogger.Instance, () => { });
            LoopStates.Watch(_group);
        }

        public EventLoop Loop => _group.Loops[0];

        public void Dispose() => _group.Release();
    }
}
