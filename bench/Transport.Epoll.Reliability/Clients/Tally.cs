using System.Collections.Concurrent;

namespace Transport.Epoll.Reliability.Clients;

/// <summary>What went well, by number, and what got lost, by reason. Any thread.</summary>
internal sealed class Tally
{
    private readonly ConcurrentDictionary<string, int> _losses = new();
    private readonly ConcurrentDictionary<string, string> _states = new();
    private long _served;

    public long Served => Volatile.Read(ref _served);

    public int Lost => _losses.Values.Sum();

    public IReadOnlyList<string> Losses => [.. _losses.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Value} × {l.Key}{(_states.TryGetValue(l.Key, out var state) ? $", the first: {state}" : "")}")];

    public void Serve() => Interlocked.Increment(ref _served);

    public void Lose(string reason) => _losses.AddOrUpdate(reason, 1, (_, n) => n + 1);

    /// <summary>The same for a wait that was in vain: what the server did then is told once for each reason.</summary>
    public void Lose(string reason, Func<string> state)
    {
        if (!_states.ContainsKey(reason))
        {
            _states.TryAdd(reason, state().ReplaceLineEndings(" "));
        }

        Lose(reason);
    }
}
