using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Transport.Epoll.Tests.Faults;

/// <summary>
/// A pool that gives the same few blocks again and again, as a real one does, but full of poison: who sends or hands out a byte that was not written
/// shows, and so does who writes into a block after it was given back. Any thread.
/// </summary>
internal sealed class PoisonedPool : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    public const byte Poison = 0xDB;

    private const int BlockSize = 4096;

    private readonly Stack<byte[]> _free = new();
    private int _rents;
    private int _reused;
    private int _spoilt;

    /// <summary>How often a block was given that somebody had before.</summary>
    public int Reused => Volatile.Read(ref _reused);

    /// <summary>How many blocks were written to between their return and their next use.</summary>
    public int Spoilt => Volatile.Read(ref _spoilt);

    public int Rents => Volatile.Read(ref _rents);

    public override int MaxBufferSize => BlockSize;

    MemoryPool<byte> IMemoryPoolFactory<byte>.Create(MemoryPoolOptions? options) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
        lock (_free)
        {
            _rents++;
            if (!_free.TryPop(out byte[]? block))
            {
                block = GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true);
                block.AsSpan().Fill(Poison);
                return new Block(this, block);
            }

            _reused++;
            _spoilt += block.AsSpan().IndexOfAnyExcept(Poison) >= 0 ? 1 : 0;
            return new Block(this, block);
        }
    }

    /// <summary>The larger arrays of a pipe come from the shared pool: dirty those that it will give.</summary>
    public static void PoisonSharedArrays()
    {
        for (int size = 8 * 1024; size <= 64 * 1024; size *= 2)
        {
            byte[][] arrays = [.. Enumerable.Range(0, 16).Select(_ => ArrayPool<byte>.Shared.Rent(size))];
            foreach (byte[] array in arrays)
            {
                array.AsSpan().Fill(Poison);
                ArrayPool<byte>.Shared.Return(array);
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
    }

    private sealed class Block(PoisonedPool pool, byte[] array) : IMemoryOwner<byte>
    {
        private byte[]? _array = array;

        public Memory<byte> Memory => _array;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _array, null) is { } returned)
            {
                returned.AsSpan().Fill(Poison);
                lock (pool._free)
                {
                    pool._free.Push(returned);
                }
            }
        }
    }
}
