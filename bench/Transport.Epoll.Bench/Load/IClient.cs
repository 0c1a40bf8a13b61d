namespace Transport.Epoll.Bench.Load;

/// <summary>One client that does one thing at a time, again and again. One caller at a time.</summary>
internal interface IClient : IAsyncDisposable
{
    /// <summary>Sends a request and reads the whole answer; throws when anything is not as it must be.</summary>
    Task RequestAsync(CancellationToken cancellation);
}
