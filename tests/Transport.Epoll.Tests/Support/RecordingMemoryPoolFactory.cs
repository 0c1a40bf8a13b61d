using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Transport.Epoll.Tests.Support;

/// <summary>Hands out pools that count their blocks. Any thread.</summary>
internal sealed class RecordingMemoryPoolFactory : IMemoryPoolFactory<byte>
{
    public ConcurrentQueue<RecordingMemoryPool> Created { get; } = new();

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null)
    {
        var pool = new RecordingMemoryPool(options?.Owner);
        Created.Enqueue(pool);
        return pool;
    }
}

internal sealed class RecordingMemoryPool(string? owner) : MemoryPool<byte>
{
    private const int BlockSize = 4096;
    private int _blocksOut;
    private int _blocksOutAtDispose = -1;

    public string? Owner => owner;

    public int BlocksOut => Volatile.Read(ref _blocksOut);

    /// <summary>How many blocks had not come back when the pool was disposed; -1 before.</summary>
    public int BlocksOutAtDispose => Volatile.Read(ref _blocksOutAtDispose);

    public bool IsDisposed => BlocksOutAtDispose >= 0;

    public override int MaxBufferSize => BlockSize;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
        Interlocked.Increment(ref _blocksOut);
        return new Block(this);
    }

    protected override void Dispose(bool disposing) => Interlocked.CompareExchange(ref _blocksOutAtDispose, BlocksOut, -1);

    /// <summary>Pinned, since a transport may hand its address to the kernel.</summary>
    private sealed class Block(RecordingMemoryPool pool) : IMemoryOwner<byte>
    {
        private RecordingMemoryPool? _pool = pool;

        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _pool, null) is { } pool)
            {
                Interlocked.Decrement(ref pool._blocksOut);
            }
        }
    }
}
