using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.Tests.Support;

namespace Transport.Epoll.Tests.Contract;

/// <summary>What application code leaves on a loop thread does not reach the next callback.</summary>
public sealed class LoopIsolationTests
{
    private static readonly AsyncLocal<string?> Identity = new();

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "29")]
    public async Task Callback_AfterOneThatLeftItsMarks_FindsACleanThread(TransportKind kind)
    {
        await using var listener = await RawListener.BindAsync(kind, tuning: new TransportTuning { LoopCount = 1 });
        var (firstClient, first) = await listener.ConnectAsync();
        var (secondClient, second) = await listener.ConnectAsync();
        using (firstClient)
        using (secondClient)
        await using (first)
        await using (second)
        {
            var marking = RunOnNextBytes(first, LeaveMarks);
            var looking = RunOnNextBytes(second, Look);

            await firstClient.SendAsync("a");
            var marked = await marking.WithTimeout();
            await secondClient.SendAsync("b");
            var found = await looking.WithTimeout();

            Assert.Null(found.Identity);
            Assert.Null(found.Activity);
            Assert.Equal(".", found.DecimalSeparator);
            Assert.False(found.HasContext);
            Assert.Equal(ThreadPriority.Normal, found.Priority);
            if (kind != TransportKind.EpollThreadPool)
            {
                Assert.StartsWith("epoll-loop-", marked.ThreadName, StringComparison.Ordinal);
                Assert.Equal(marked.ThreadName, found.ThreadName);
            }
            else
            {
                Assert.DoesNotContain("epoll-", marked.ThreadName ?? "", StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [ClassData(typeof(EpollTransports))]
    [Trait("Contract", "29")]
    public async Task Callback_BindHadAnIdentity_DoesNotInheritIt(TransportKind kind)
    {
        Identity.Value = "whoever called BindAsync";
        await using var listener = await RawListener.BindAsync(kind, tuning: new TransportTuning { LoopCount = 1 });
        Identity.Value = null;
        var (client, server) = await listener.ConnectAsync();
        using (client)
        await using (server)
        {
            var looking = RunOnNextBytes(server, Look);
            await client.SendAsync("a");
            Assert.Null((await looking.WithTimeout()).Identity);
        }
    }

    /// <summary>Runs as a bare pipe continuation: nothing flows in, and nothing is put back afterwards.</summary>
    private static Task<Marks> RunOnNextBytes(ConnectionContext connection, Func<Marks> action)
    {
        var done = new TaskCompletionSource<Marks>(TaskCreationOptions.RunContinuationsAsynchronously);
#pragma warning disable CA2012 // Consumed once, in the continuation.
        var awaiter = connection.Transport.Input.ReadAsync().ConfigureAwait(false).GetAwaiter();
#pragma warning restore CA2012
        Assert.False(awaiter.IsCompleted);
        awaiter.UnsafeOnCompleted(() =>
        {
            try
            {
                var marks = action();
                connection.Transport.Input.AdvanceTo(awaiter.GetResult().Buffer.End);
                done.SetResult(marks);
            }
            catch (Exception exception) when (done.TrySetException(exception))
            {
                // The test fails with it; the thread is not the test's to end.
            }
        });
        return done.Task;
    }

    private static Marks LeaveMarks()
    {
        Identity.Value = "alice";
        Activity.Current = new Activity("alice's request").Start();
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = culture;
        SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
        Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
        return Look();
    }

    private static Marks Look() => new(
        Identity.Value,
        Activity.Current?.OperationName,
        CultureInfo.CurrentCulture.NumberFormat.NumberDecimalSeparator,
        SynchronizationContext.Current is not null,
        Thread.CurrentThread.Priority,
        Thread.CurrentThread.Name);

    private sealed record Marks(string? Identity, string? Activity, string DecimalSeparator, bool HasContext, ThreadPriority Priority, string? ThreadName);
}
