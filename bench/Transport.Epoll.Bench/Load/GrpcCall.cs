using System.Net;
using System.Net.Http.Headers;

namespace Transport.Epoll.Bench.Load;

/// <summary>A gRPC call with a body from a file of this folder, whose answer is one or many sums of 20 and 22: whether the server does the work that h2load then asks for.</summary>
internal sealed class GrpcCall(Uri address, string file, int replies) : IClient
{
    public const string ContentType = "application/grpc";

    /// <summary>A message of two bytes with its prefix: field 1 is 42.</summary>
    private static readonly byte[] s_reply = [0, 0, 0, 0, 2, 8, 42];

    private readonly HttpMessageInvoker _http = OneConnection.NewClient();

    public static string PathOf(string file) => Path.Combine(AppContext.BaseDirectory, "Load", file);

    public async Task RequestAsync(CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(await File.ReadAllBytesAsync(PathOf(file), cancellation)),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(ContentType);
        request.Headers.TE.ParseAdd("trailers");
        using var response = await _http.SendAsync(request, cancellation);
        var body = await response.Content.ReadAsByteArrayAsync(cancellation);
        var status = response.TrailingHeaders.Concat(response.Headers).Where(h => h.Key == "grpc-status").SelectMany(h => h.Value).FirstOrDefault();
        if (response.StatusCode != HttpStatusCode.OK || status != "0" || !body.AsSpan().SequenceEqual([.. Enumerable.Repeat(s_reply, replies).SelectMany(reply => reply)]))
        {
            throw new HttpRequestException($"The call is answered {(int)response.StatusCode}, grpc-status {status}, {body.Length} bytes.");
        }
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }
}
