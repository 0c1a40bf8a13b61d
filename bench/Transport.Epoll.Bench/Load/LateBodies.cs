using System.Globalization;
using System.Net;

namespace Transport.Epoll.Bench.Load;

/// <summary>POST requests whose body follows a while after their head, so that who waits for it really waits. The answer must name its length.</summary>
internal sealed class LateBodies(Uri address, int length, TimeSpan late) : IClient
{
    private readonly HttpMessageInvoker _http = OneConnection.NewClient();

    public async Task RequestAsync(CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new LateContent(length, late) };
        using var response = await _http.SendAsync(request, cancellation);
        var answer = await response.Content.ReadAsStringAsync(cancellation);
        if (!answer.Contains(length.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))
        {
            throw new HttpRequestException($"{address} answers {(int)response.StatusCode}: {answer}");
        }
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private sealed class LateContent(int length, TimeSpan late) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellation)
        {
            await stream.FlushAsync(cancellation); // the head
            await Task.Delay(late, cancellation);
            await stream.WriteAsync(new byte[length], cancellation);
        }

        protected override bool TryComputeLength(out long size)
        {
            size = length;
            return true;
        }
    }
}
