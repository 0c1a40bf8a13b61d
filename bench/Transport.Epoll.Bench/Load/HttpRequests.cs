using System.Net;

namespace Transport.Epoll.Bench.Load;

/// <summary>GET requests through a <see cref="SocketsHttpHandler"/> with one connection, a new one after every so many requests.</summary>
/// <param name="address">What to get at first.</param>
/// <param name="requestsPerConnection">The last of them says <c>Connection: close</c>; null keeps the connection.</param>
/// <param name="unixSocket">Where to connect to instead of the port of the address.</param>
internal sealed class HttpRequests(Uri address, int? requestsPerConnection = null, string? unixSocket = null) : IClient
{
    private readonly HttpMessageInvoker _http = OneConnection.NewClient(unixSocket);

    private int _done;

    /// <summary>What the next request gets.</summary>
    public Uri Address { get; set; } = address;

    /// <summary>What each request of so many gets instead.</summary>
    public (int OneIn, string Path)? Sometimes { get; init; }

    /// <summary>HTTP/2 with prior knowledge instead of HTTP/1.1.</summary>
    public bool Http2 { get; init; }

    public async Task RequestAsync(CancellationToken cancellation)
    {
        _done++;
        using var request = new HttpRequestMessage(HttpMethod.Get, Sometimes is var (oneIn, path) && _done % oneIn == 0 ? new Uri(Address, path) : Address);
        if (Http2)
        {
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }

        if (requestsPerConnection is { } limit && _done % limit == 0)
        {
            request.Headers.ConnectionClose = true;
        }

        using var response = await _http.SendAsync(request, cancellation);
        await response.Content.CopyToAsync(Stream.Null, cancellation);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new HttpRequestException($"{request.RequestUri} answers {(int)response.StatusCode}.");
        }
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }
}
