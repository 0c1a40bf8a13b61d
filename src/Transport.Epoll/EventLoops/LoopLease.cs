namespace Transport.Epoll.EventLoops;

/// <summary>
/// Who drives a loop. One word says what the holder does and counts what it did; taking the lease over is a compare-exchange of exactly
/// the word that was seen, so it meets the callback that was seen or nothing.
/// </summary>
/// <remarks>
/// <code>
/// bits 0–1   state: 0 waiting (for events, or for a thread that serves it), 1 running (the loop's own code), 2 in callback (user code)
/// bits 2–63  sequence: + 1 with each callback and each take-over, so no word of a callback ever comes again
/// </code>
/// The holder writes the word in states waiting and running, with nobody beside it. In state in-callback two compete: the holder that
/// leaves, and the watchdog that takes over; one of the two compare-exchanges succeeds. The loser touches nothing of the loop.
/// </remarks>
internal sealed class LoopLease
{
    private const long Waiting = 0;
    private const long Running = 1;
    private const long InCallback = 2;
    private const long StateMask = 3;
    private const long Step = 4;

    private long _word = Running;

    /// <summary>Any thread: what the lease says now.</summary>
    public long Word => Volatile.Read(ref _word);

    /// <summary>Whose callback runs. The holder writes it before the word says in-callback; whoever has taken over reads it.</summary>
    public IApplicationItemOwner? Owner { get; private set; }

    /// <summary>When that callback began, in ticks of <see cref="System.Diagnostics.Stopwatch"/>. Others read it as a hint.</summary>
    public long CallbackStart { get; private set; }

    /// <summary>The kernel's id of the holder's thread (gettid(2)). The holder writes it; others read it as a hint.</summary>
    public int ThreadId { get; set; }

    public static bool IsWaiting(long word) => (word & StateMask) == Waiting;

    public static bool IsInCallback(long word) => (word & StateMask) == InCallback;

    /// <summary>Holder, running: user code begins.</summary>
    /// <returns>What <see cref="TryLeave"/> needs.</returns>
    public long Enter(IApplicationItemOwner owner, long now)
    {
        Owner = owner;
        CallbackStart = now;
        long entered = ((_word & ~StateMask) + Step) | InCallback;
        Volatile.Write(ref _word, entered); // pairs with the compare-exchange in TryTakeOver: who takes over sees all that the holder wrote
        return entered;
    }

    /// <summary>User code has returned. False: the lease is lost, and nothing of the loop may be touched.</summary>
    public bool TryLeave(long entered) => Interlocked.CompareExchange(ref _word, (entered & ~StateMask) | Running, entered) == entered;

    /// <summary>Holder, running: about to block in epoll_wait. Nothing keeps the last connection alive from here.</summary>
    public void Wait()
    {
        Owner = null;
        Volatile.Write(ref _word, _word & ~StateMask);
    }

    /// <summary>Holder, waiting: epoll_wait has returned. A full fence: the loop then looks whether who watches it sleeps.</summary>
    public void Resume() => Interlocked.Exchange(ref _word, _word | Running);

    /// <summary>Takes the lease from a holder that is still in the callback of <paramref name="seen"/>; the caller is the holder then, running.</summary>
    public bool TryTakeOver(long seen)
        => IsInCallback(seen) && Interlocked.CompareExchange(ref _word, ((seen & ~StateMask) + Step) | Running, seen) == seen;
}
