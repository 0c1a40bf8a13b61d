using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Transport.Epoll.EventLoops;
using Transport.Epoll.Scheduling;

namespace Transport.Epoll.Tests.Support;

/// <summary>What the loops of this process are doing, for the message of a wait that was in vain. Any thread.</summary>
internal static class LoopStates
{
    /// <summary>Two looks, so far apart, tell a loop that spins from one that stands.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(50);

    private static readonly ConcurrentDictionary<EventLoop, byte> Loops = new();
    private static readonly ConcurrentQueue<WeakReference<EventLoopGroup>> Groups = new();

    /// <summary>Until <see cref="Forget"/>.</summary>
    public static void Watch(EventLoop loop) => Loops.TryAdd(loop, 0);

    public static void Forget(EventLoop loop) => Loops.TryRemove(loop, out _);

    /// <summary>Until its loops end.</summary>
    public static void Watch(EventLoopGroup group) => Groups.Enqueue(new WeakReference<EventLoopGroup>(group));

    /// <summary>The loops of a factory that has bound something; other transports have none.</summary>
    public static void Watch(IConnectionListenerFactory factory)
    {
        if (factory is EpollTransportFactory { Loops: { } group })
        {
            Watch(group);
        }
    }

    /// <summary>One line for each loop that still runs: its lease's state, its turns, its connections, and the callback that it is in.</summary>
    public static string Dump()
    {
        List<(EventLoop Loop, long Turns)> before = [.. Loops.Keys.Concat(Groups.SelectMany(Running)).Where(loop => !loop.HasEnded).Select(loop => (loop, loop.Counters.Turns))];
        Thread.Sleep(Window);
        return string.Join('\n', before.Select(look => Describe(look.Loop, look.Turns)).Prepend($"{before.Count} loops:"));
    }

    private static EventLoop[] Running(WeakReference<EventLoopGroup> reference)
    {
        if (!reference.TryGetTarget(out var group) || !group.TryAddReference())
        {
            return [];
        }

        group.Release();
        return group.Loops.ToArray();
    }

    private static string Describe(EventLoop loop, long turns)
    {
        var word = loop.Lease.Word;
        var state = LoopLease.IsWaiting(word) ? "waits in epoll_wait" : LoopLease.IsInCallback(word) ? $"in a callback of {loop.Lease.Owner}" : "runs";
        return $"{loop.Name}: {state}, turn {loop.Counters.Turns} ({loop.Counters.Turns - turns} in {Window.TotalMilliseconds} ms), word {word}, {loop.ConnectionCount} connections";
    }
}
