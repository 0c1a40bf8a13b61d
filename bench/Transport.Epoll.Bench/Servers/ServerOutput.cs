namespace Transport.Epoll.Bench.Servers;

/// <summary>Keeps the last lines that a server wrote, to show them if it fails. Any thread.</summary>
internal sealed class ServerOutput
{
    private const int Kept = 40;
    private readonly Queue<string> _lines = new();

    public void Add(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > Kept)
            {
                _lines.Dequeue();
            }
        }
    }

    public override string ToString()
    {
        lock (_lines)
        {
            return string.Join(Environment.NewLine, _lines);
        }
    }
}
