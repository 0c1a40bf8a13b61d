using Transport.Epoll.Bench.Servers;

namespace Transport.Epoll.Bench.Tests.Servers;

/// <summary>What is read from the table of strace. One thread.</summary>
public sealed class StraceTests
{
    [Fact]
    public void Parse_Table_HasCallsWithAndWithoutErrors()
    {
        var calls = Strace.Parse("""
            % time     seconds  usecs/call     calls    errors syscall
            ------ ----------- ----------- --------- --------- ------------------
             60.00    0.600000          10     60000           sendto
             30.00    0.300000          10     30000        12 recvfrom
             10.00    0.100000          10       100           epoll_wait
            ------ ----------- ----------- --------- --------- ------------------
            100.00    1.000000          11     90100        12 total
            """.Split('\n'));

        Assert.Equal(new SortedDictionary<string, long> { ["epoll_wait"] = 100, ["recvfrom"] = 30_000, ["sendto"] = 60_000 }, calls);
    }
}
