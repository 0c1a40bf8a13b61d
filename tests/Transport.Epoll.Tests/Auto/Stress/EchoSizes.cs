namespace Transport.Epoll.Tests.Auto.Stress;

/// <summary>How the echo's bytes travel.</summary>
/// <param name="MaxPiece">The handler flushes pieces of up to so many bytes.</param>
/// <param name="MaxWriteBuffer">A flush waits until fewer are left to be sent.</param>
/// <param name="MaxOnTheWay">So many of a connection are on their way at most.</param>
internal sealed record EchoSizes(int MaxPiece, int MaxWriteBuffer, int MaxOnTheWay)
{
    /// <summary>Nearly every flush waits until its bytes are sent, and so is a callback; what a client has on its way takes many of them.</summary>
    public static EchoSizes Small { get; } = new(MaxPiece: 32, MaxWriteBuffer: 2, MaxOnTheWay: 1024);

    /// <summary>Most sends are so large that the thread that flushes makes them, within its callback.</summary>
    public static EchoSizes Large { get; } = new(MaxPiece: 128 * 1024, MaxWriteBuffer: 64 * 1024, MaxOnTheWay: 256 * 1024);
}
