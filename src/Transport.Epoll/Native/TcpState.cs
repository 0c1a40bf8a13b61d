using System.Runtime.InteropServices;
using static Tmds.Linux.LibC;

namespace Transport.Epoll.Native;

/// <summary>
/// What the kernel knows of a TCP socket: struct tcp_info of linux/tcp.h, which grows with the kernel; what an old one leaves out is 0. Of a listening socket
/// <see cref="Unacknowledged"/> is the length of its queue and <see cref="Sacked"/> the limit of that (tcp_get_info in net/ipv4/tcp.c).
/// </summary>
internal readonly record struct TcpState(
    uint Unacknowledged, uint Sacked, uint RoundTrip, uint RoundTripVariation, uint CongestionWindow, uint TotalRetransmits, uint MinRoundTrip, long DeliveryRate)
{
    private const int Option = 11; // TCP_INFO, which Tmds.LibC leaves out

    // The offsets in the structure, which are the same on all machines; up to the one behind the last.
    private const int UnacknowledgedAt = 24;
    private const int SackedAt = 28;
    private const int RoundTripAt = 68;
    private const int RoundTripVariationAt = 72;
    private const int CongestionWindowAt = 80;
    private const int TotalRetransmitsAt = 100;
    private const int MinRoundTripAt = 148;
    private const int DeliveryRateAt = 160;
    private const int Size = 168;

    /// <summary>Asks for it. False where the kernel does not say. Times are in microseconds, the rate in bytes per second. <see cref="MinRoundTrip"/> is 0 before the first measurement.</summary>
    public static bool TryRead(Kernel kernel, int descriptor, out TcpState info)
    {
        Span<byte> buffer = stackalloc byte[Size];
        buffer.Clear();
        if (!kernel.GetOption(descriptor, IPPROTO_TCP, Option, buffer).IsOk)
        {
            info = default;
            return false;
        }

        uint minimum = Read(buffer, MinRoundTripAt);
        info = new TcpState(Read(buffer, UnacknowledgedAt), Read(buffer, SackedAt), Read(buffer, RoundTripAt), Read(buffer, RoundTripVariationAt), Read(buffer, CongestionWindowAt),
            Read(buffer, TotalRetransmitsAt), minimum == uint.MaxValue ? 0 : minimum, MemoryMarshal.Read<long>(buffer[DeliveryRateAt..]));
        return true;
    }

    private static uint Read(ReadOnlySpan<byte> buffer, int offset) => MemoryMarshal.Read<uint>(buffer[offset..]);
}
