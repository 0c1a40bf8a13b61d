namespace Transport.Epoll.Bench;

/// <summary>A run that can't be done or can't be trusted; the message is for the person at the terminal.</summary>
internal sealed class BenchException(string message) : Exception(message);
