using System.Buffers;
using Microsoft.AspNetCore.Connections.Features;

namespace Transport.Epoll.Connections;

/// <summary>
/// The pool that <c>UseHttps</c> finds: its blocks are as large as a TLS record (RFC 8446, 5.1). Kestrel hands <c>SslStream</c> one block at a time, and each
/// becomes a record of its own: of the 4 KiB blocks of Kestrel's own pool a download of 1 MiB makes 257 records, of these 65.
/// </summary>
/// <remarks>Any thread. The memory is the process's shared arrays, as <c>SslStream</c>'s own is.</remarks>
internal sealed class RecordBlocks : MemoryPool<byte>, IMemoryPoolFeature
{
    public const int Size = 16 * 1024;

    private RecordBlocks()
    {
    }

    public static RecordBlocks Instance { get; } = new();

    public override int MaxBufferSize => Size;

    MemoryPool<byte> IMemoryPoolFeature.MemoryPool => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, Size);
        return Shared.Rent(Size);
    }

    protected override void Dispose(bool disposing)
    {
    }
}
