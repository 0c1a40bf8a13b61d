namespace Transport.Epoll.Tests.Connections.Properties;

/// <summary>
/// The reference for one direction of a connection: a queue of bytes. Whoever takes them gets what was put, in order, once; a byte's value follows
/// from its position, so no byte can stand for another.
/// </summary>
internal sealed class ByteStream(string name, ulong seed)
{
    public long Put { get; private set; }

    public long Taken { get; private set; }

    public bool IsEmpty => Put == Taken;

    /// <summary>The next bytes to put. They count once <see cref="Commit"/> says that they were taken on.</summary>
    public byte[] Next(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = At(Put + i);
        }

        return bytes;
    }

    public void Commit(int count) => Put += count;

    /// <summary>Compares bytes that arrived with the queue's next; those that were <paramref name="consumed"/> leave it.</summary>
    public void Take(ReadOnlySpan<byte> bytes, int consumed)
    {
        ContractBrokenException.Unless(Taken + bytes.Length <= Put, $"{name}: {Taken + bytes.Length} bytes came, only {Put} were sent");
        for (int i = 0; i < bytes.Length; i++)
        {
            ContractBrokenException.Unless(bytes[i] == At(Taken + i), $"{name}: byte {Taken + i} of {Put} is wrong");
        }

        Taken += consumed;
    }

    public override string ToString() => $"{name}: {Taken} of {Put} bytes";

    private byte At(long position) => (byte)(((seed + (ulong)position + 1) * 0x9E3779B97F4A7C15) >> 56);
}

/// <summary>The transport did what the reference does not allow.</summary>
internal sealed class ContractBrokenException(string message) : Exception(message)
{
    public static void Unless(bool holds, string what)
    {
        if (!holds)
        {
            throw new ContractBrokenException(what);
        }
    }
}
