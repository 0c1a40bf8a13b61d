using Transport.Epoll.Scheduling;

namespace Transport.Epoll.Tests.Scheduling;

/// <summary>How many carriers a load gets, without threads and clocks: what serves the loops is simulated. It says nothing of contention in the kernel.</summary>
public class CarrierPolicyTests
{
    private static readonly TimeSpan s_window = TimeSpan.FromMilliseconds(100);

    [Theory]
    [InlineData(1, 0.59, 4.0, 1)] // has room
    [InlineData(1, 0.61, 4.0, 2)]
    [InlineData(1, 1.00, 0.4, 1)] // nothing to run one more on
    [InlineData(1, 1.00, 0.5, 2)]
    [InlineData(3, 1.79, 4.0, 3)]
    [InlineData(3, 1.81, 4.0, 4)]
    [InlineData(4, 4.00, 4.0, 4)] // no loop for it
    public void Decide_OneLook_AddsOneWhereItHelps(int carriers, double busy, double idle, int expected)
        => Assert.Equal(expected, new CarrierPolicy(4).Decide(carriers, busy, idle, s_window));

    [Fact]
    public void Decide_WorkOfOneLess_TakesOneAwayAfterTwoSeconds()
    {
        CarrierPolicy policy = new(4);
        for (int i = 0; i < 19; i++)
        {
            Assert.Equal(3, policy.Decide(3, 0.79, 4, s_window));
        }

        Assert.Equal(2, policy.Decide(3, 0.79, 4, s_window));
        Assert.Equal(2, policy.Decide(2, 0.39, 4, s_window)); // and begins to count anew
    }

    [Fact]
    public void Decide_WorkForAllNowAndThen_TakesNoneAway()
    {
        CarrierPolicy policy = new(4);
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(3, policy.Decide(3, i % 15 == 0 ? 0.81 : 0.1, 4, s_window));
        }
    }

    [Fact]
    public void Decide_OneCarrier_IsNeverTakenAway()
    {
        CarrierPolicy policy = new(4);
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(1, policy.Decide(1, 0, 4, s_window));
        }
    }

    public static TheoryData<int, double> Loads()
    {
        TheoryData<int, double> loads = [];
        foreach (int processors in (int[])[4, 16, 64, 256])
        {
            foreach (double load in (double[])[0.01, 0.05, 0.2, 0.5, 0.8, 1.0, 1.2])
            {
                loads.Add(processors, load);
            }
        }

        return loads;
    }

    /// <summary>A constant load, arrivals at random: from one carrier up to what it needs, and there it stays.</summary>
    [Theory]
    [MemberData(nameof(Loads))]
    public void Decide_ConstantLoad_EndsWithWhatItNeedsAndStaysThere(int processors, double load)
    {
        Simulation simulation = new(processors, load * processors);

        int most = simulation.Run(TimeSpan.FromSeconds(20 + (processors * 0.25))).Max();
        List<int> after = simulation.Run(TimeSpan.FromSeconds(30));

        // So many that each has work for six tenths of the time, in a window to which chance brings more than its share, too.
        double offered = load * processors;
        double busiest = offered + (3 * Math.Sqrt(offered * Simulation.Service / CarrierPolicy.Window((int)offered).TotalSeconds));
        int needed = Math.Clamp((int)Math.Ceiling(busiest / 0.6), 1, processors);
        Assert.InRange(most, 1, needed + 1);
        Assert.InRange(after.Max() - after.Min(), 0, 1);
        Assert.InRange(after.Zip(after.Skip(1), (a, b) => Math.Abs(a - b)).Sum(), 0, 2);
        Assert.True(after.Min() >= Math.Min(Math.Ceiling(offered / 0.6), processors) - 1, $"{after.Min()} carriers for a load of {offered} processors");
    }

    [Fact]
    public void Decide_FullLoadOnSixteenProcessors_AllServeItWithinTwoSeconds()
    {
        List<int> carriers = new Simulation(processors: 16, offered: 15).Run(TimeSpan.FromSeconds(2));

        Assert.True(carriers[^1] >= 15, $"{carriers[^1]} carriers");
    }

    /// <summary>A load that goes down: all carriers that have no use leave, one in two seconds.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(16)]
    public void Decide_LoadEnds_OneCarrierIsLeft(int processors)
    {
        Simulation simulation = new(processors, 0.8 * processors);
        Assert.True(simulation.Run(TimeSpan.FromSeconds(20))[^1] > 1);

        simulation.Offered = 0.01;

        Assert.Equal(1, simulation.Run(TimeSpan.FromSeconds((2.5 * processors) + 2))[^1]);
    }

    /// <summary>
    /// Requests at random, of a millisecond each, taken by whichever carrier is free; processors do nothing else. In a window the carriers' work is
    /// what came, as far as they can do it, and what was left before.
    /// </summary>
    private sealed class Simulation(int processors, double offered)
    {
        public const double Service = 0.001;

        private readonly CarrierPolicy _policy = new(processors);
        private readonly Random _random = new(42);
        private double _backlog;
        private int _carriers = 1;
        private bool _isMeasuringIdle;

        /// <summary>The load, in processors.</summary>
        public double Offered { get; set; } = offered;

        /// <summary>The number of carriers after each decision.</summary>
        public List<int> Run(TimeSpan time)
        {
            List<int> carriers = [];
            for (TimeSpan passed = TimeSpan.Zero; passed < time;)
            {
                TimeSpan window = CarrierPolicy.Window(_carriers);
                double mean = Offered * window.TotalSeconds / Service;
                double arrived = Math.Max(0, mean + (Math.Sqrt(mean) * Normal())) * Service; // Poisson, as near as it matters
                double done = Math.Min(_backlog + arrived, _carriers * window.TotalSeconds);
                _backlog = Math.Min(_backlog + arrived - done, 0.05 * processors); // clients give up
                double busy = done / window.TotalSeconds;
                bool isFull = CarrierPolicy.IsFull(_carriers, busy);
                _carriers = _policy.Decide(_carriers, busy, isFull && _isMeasuringIdle ? processors - busy : 0, window);
                _isMeasuringIdle = isFull;
                carriers.Add(_carriers);
                passed += window;
            }

            return carriers;
        }

        private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
    }
}
