using System.Runtime.CompilerServices;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// The memory of one edge and one waiter. An edge makes it ready until a call that would block clears it; a clear names the edge that
/// the call had seen, so that a later edge is never lost. Await it to wait for readiness.
/// </summary>
/// <remarks>
/// The lease holder sets. One pump at a time awaits and clears, on any thread. A waiter resumes in <see cref="Set"/>, on the setter's stack.
/// </remarks>
internal sealed class ReadinessSignal : ICriticalNotifyCompletion
{
    private static readonly object s_ready = new();

    // null: not ready, nobody waits; s_ready; or the Action of the waiter.
    private object? _state;

    // Counts edges. Written by the lease holder before _state; read by the pump before its call.
    private int _edge;

    public ReadinessSignal(bool ready) => _state = ready ? s_ready : null;

    /// <summary>The edge seen last: read it before the call, hand it to <see cref="Clear"/> after.</summary>
    public int Edge => Volatile.Read(ref _edge);

    public bool IsCompleted => ReferenceEquals(Volatile.Read(ref _state), s_ready);

    public ReadinessSignal GetAwaiter() => this;

    public void GetResult()
    {
    }

    /// <summary>An edge came (or the pump shall look around): ready, and the waiter resumes.</summary>
    public void Set()
    {
        Volatile.Write(ref _edge, _edge + 1); // pairs with the re-check in Clear
        if (Interlocked.Exchange(ref _state, s_ready) is Action waiter)
        {
            waiter();
        }
    }

    /// <summary>The call after edge <paramref name="seen"/> drained the descriptor: not ready until the next edge.</summary>
    public void Clear(int seen)
    {
        Interlocked.CompareExchange(ref _state, null, s_ready);
        if (Edge != seen)
        {
            // A later edge came before or during the exchange: it may have been wiped out, so it is put back.
            Interlocked.CompareExchange(ref _state, s_ready, null);
        }
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        if (Interlocked.CompareExchange(ref _state, continuation, null) is not null)
        {
            continuation(); // became ready meanwhile
        }
    }
}
