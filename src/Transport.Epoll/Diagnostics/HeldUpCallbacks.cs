using System.Collections.Concurrent;
using System.Diagnostics;

namespace Transport.Epoll.Diagnostics;

/// <summary>The callbacks from which a loop was taken over, until they return: who blocks, and on which thread.</summary>
/// <remarks>The watchdog adds before it takes over, so that the thread that loses its loop finds the entry to remove; any thread reads.</remarks>
internal sealed class HeldUpCallbacks
{
    // By the loop and the word of its lease, which never comes again.
    private readonly ConcurrentDictionary<(int Loop, long Word), HeldUp> _all = new();

    public void Add(int loop, long word, int threadId, string connectionId, string? description, long start)
        => _all[(loop, word)] = new HeldUp(threadId, connectionId, description, start);

    /// <summary>It has returned, or was not taken over after all.</summary>
    public void Remove(int loop, long word)
    {
        while (true)
        {
            try
            {
                _all.TryRemove((loop, word), out _);
                return;
            }
            catch (ThreadInterruptedException)
            {
                // the callback left it on this thread, whose wait it was meant for is over
            }
        }
    }

    public EpollHeldUpCallback[] Capture() =>
    [
        .. _all.Select(static each => new EpollHeldUpCallback
        {
            LoopIndex = each.Key.Loop,
            ThreadId = each.Value.ThreadId,
            ConnectionId = each.Value.ConnectionId,
            Description = each.Value.Description,
            Age = Stopwatch.GetElapsedTime(each.Value.Start),
        }),
    ];

    private readonly record struct HeldUp(int ThreadId, string ConnectionId, string? Description, long Start);
}
