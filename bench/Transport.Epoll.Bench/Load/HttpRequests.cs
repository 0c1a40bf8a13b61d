using System.Net;

namespace Transport.Epoll.Bench.Load;

/// <summary>GET requests through a <see cref="SocketsHttpHandler"/> with one connection, a new one after every so many requests.</summary>
/// <param name="address">What to get at first.</param>
/// <param name="requestsPerConnection">The last of them says <c>Connection: close</c>; null keeps the connection.</param>
internal sealed class HttpRequests(Uri address, int? requestsPerConnection = null) : IClient
{
    private readonly HttpMessageInvoker _http = OneConnection.NewClient();

    private int _done;

    /// <summary>What the next request gets.</summary>
    public Uri Address { get; set; } = address;

    public async Task RequestAsync(CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address);
        if (requestsPerConnection is { } limit && ++_done % limit == 0)
        {
            request.Headers.ConnectionClose = true;
        }

        using var response = await _http.SendAsync(request, cancellation);
        await response.Content.CopyToAsync(Stream.Null, cancellation);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new HttpRequestException($"{Address} answers {(int)response.StatusCode}.");
        }
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }
}
