using System.Diagnostics;

namespace Transport.Epoll.Connections;

/// <summary>How long one direction of a connection has stood still.</summary>
/// <remarks>One pump writes; any thread reads. A mutable struct: a field of its owner, never copied.</remarks>
internal struct PausedTime
{
    // In one word, so that a reader finds both: the ticks so far, times two; while it stands still, less the time when that began, plus one.
    private long _word;

    public bool IsPaused => (Volatile.Read(ref _word) & 1) != 0;

    public TimeSpan Total
    {
        get
        {
            long now = Stopwatch.GetTimestamp();
            long word = Volatile.Read(ref _word);
            return Stopwatch.GetElapsedTime(0, Math.Max(0, (word & 1) == 0 ? word >> 1 : (word >> 1) + now));
        }
    }

    public void Begin() => Volatile.Write(ref _word, _word - (Stopwatch.GetTimestamp() << 1) + 1);

    public void End() => Volatile.Write(ref _word, _word + (Stopwatch.GetTimestamp() << 1) - 1);
}
