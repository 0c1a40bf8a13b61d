namespace Transport.Epoll.Reliability.Servers;

/// <summary>What a server holds at one moment.</summary>
internal sealed record ServerFigures(int Connections, int Descriptors, int Sockets, int Threads, long HeapBytes, long WorkingSet);
