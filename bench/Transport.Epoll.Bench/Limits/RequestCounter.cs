namespace Transport.Epoll.Bench.Limits;

/// <summary>Counts the blank lines that end requests without a body, over any split of the bytes. One thread at a time.</summary>
internal struct RequestCounter
{
    private int _matched;

    public int Count(ReadOnlySpan<byte> data)
    {
        var end = "\r\n\r\n"u8;
        var requests = 0;

        // The usual case, and the fast one: whole requests.
        while (_matched == 0 && data.IndexOf(end) is >= 0 and var i)
        {
            requests++;
            data = data[(i + end.Length)..];
        }

        foreach (var b in data)
        {
            _matched = b == end[_matched] ? _matched + 1 : b == (byte)'\r' ? 1 : 0;
            if (_matched == end.Length)
            {
                requests++;
                _matched = 0;
            }
        }

        return requests;
    }
}
