using System.Diagnostics.CodeAnalysis;
using Transport.Epoll.Native;

namespace Transport.Epoll.EventLoops;

/// <summary>
/// The handlers of a loop's descriptors. A token is generation (upper 32 bits) and slot (lower 32 bits): an event of a handler that has
/// been removed finds another generation and is dropped. Freed slots are given out again only after the batch of events that may name them.
/// </summary>
/// <remarks>Lease holder only, but for <see cref="Peek"/>.</remarks>
internal sealed class HandlerTable
{
    private Slot[] _slots = new Slot[64];
    private int _used;
    private readonly Stack<int> _free = new();
    private readonly List<int> _freedInBatch = [];

    private struct Slot
    {
        public IEventHandler? Handler;
        public uint Generation;
    }

    /// <summary>The number of handlers in the table.</summary>
    public int Count { get; private set; }

    public ulong Add(IEventHandler handler)
    {
        if (!_free.TryPop(out int index))
        {
            index = _used++;
            if (index == _slots.Length)
            {
                Array.Resize(ref _slots, _slots.Length * 2);
            }
        }

        ref Slot slot = ref _slots[index];
        slot.Handler = handler;
        Count++;
        return ((ulong)slot.Generation << 32) | (uint)index;
    }

    public bool Remove(ulong token)
    {
        if (!TryGet(token, out _))
        {
            return false;
        }

        ref Slot slot = ref _slots[(uint)token];
        slot.Handler = null;
        slot.Generation++;
        _freedInBatch.Add((int)(uint)token);
        Count--;
        return true;
    }

    public bool TryGet(ulong token, [NotNullWhen(true)] out IEventHandler? handler)
    {
        uint index = (uint)token;
        if (index < (uint)_used)
        {
            ref Slot slot = ref _slots[index];
            if (slot.Generation == (uint)(token >> 32) && slot.Handler is not null)
            {
                handler = slot.Handler;
                return true;
            }
        }

        handler = null;
        return false;
    }

    /// <summary>The handlers, more or less: some may be missing that were added or removed meanwhile. Any thread.</summary>
    public IEnumerable<IEventHandler> Peek()
    {
        Slot[] slots = Volatile.Read(ref _slots); // an array is only ever replaced by a longer copy; a reference is read as a whole
        for (int i = 0; i < slots.Length; i++)
        {
            if (slots[i].Handler is IEventHandler handler)
            {
                yield return handler;
            }
        }
    }

    /// <summary>Calls the handler that an event is for; nobody, if it has been removed.</summary>
    public void Dispatch(in EpollEvent ready)
    {
        if (!TryGet(ready.Token, out IEventHandler? handler))
        {
            return;
        }

        try
        {
            handler.OnEvents(ready.Events);
        }
#pragma warning disable CA1031 // An exception costs one connection, never the loop.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            TellOfFault(handler, exception);
        }
    }

    private static void TellOfFault(IEventHandler handler, Exception exception)
    {
        try
        {
            handler.OnFault(exception);
        }
        catch (ThreadInterruptedException)
        {
            handler.OnFault(exception); // a callback has left it on the thread; it is used up now
        }
    }

    /// <summary>After a batch of events: its freed slots may be used again.</summary>
    public void EndBatch()
    {
        if (_freedInBatch.Count > 0)
        {
            foreach (int index in _freedInBatch)
            {
                _free.Push(index);
            }

            _freedInBatch.Clear();
        }
    }
}
