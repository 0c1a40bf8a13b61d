using System.IO.Pipelines;
using Microsoft.AspNetCore.Mvc;

namespace Sample.Web.Routes;

/// <summary>The answer of <c>/upload</c>.</summary>
internal sealed record UploadResult(long Bytes);

/// <summary><c>/echo</c>, <c>/upload</c>, <c>/upload/blocking</c> and <c>/download/{size}</c>: bodies larger than every buffer.</summary>
internal static class BodyRoutes
{
    private const int ChunkSize = 64 * 1024;

    private static readonly NumberRange s_size = new("size", 0, 10L * 1024 * 1024 * 1024);
    private static readonly byte[] s_chunk = CreateChunk();

    public static void MapBodyRoutes(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/echo", EchoAsync).WithMetadata(new DisableRequestSizeLimitAttribute());
        routes.MapMethods("/upload", [HttpMethods.Post, HttpMethods.Put], UploadAsync).WithMetadata(new DisableRequestSizeLimitAttribute());
        routes.MapPost("/upload/blocking", UploadBlocking);
        routes.MapGet("/download/{size}", DownloadAsync);
    }

    /// <summary>Sends each piece of the body back as it arrives.</summary>
    private static Task EchoAsync(HttpContext context)
    {
        context.Response.ContentType = context.Request.ContentType ?? "application/octet-stream";
        context.Response.ContentLength = context.Request.ContentLength;
        return context.Request.BodyReader.CopyToAsync(context.Response.BodyWriter, context.RequestAborted);
    }

    private static async Task<IResult> UploadAsync(PipeReader body, CancellationToken aborted)
    {
        var bytes = 0L;
        while (true)
        {
            var read = await body.ReadAsync(aborted);
            bytes += read.Buffer.Length;
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return Results.Ok(new UploadResult(bytes));
            }
        }
    }

    /// <summary>Sync over async, as it should not be but often is: the thread waits until the whole body is there.</summary>
    private static UploadResult UploadBlocking(HttpRequest request)
    {
        using var body = new MemoryStream();
        request.Body.CopyToAsync(body).Wait();
        return new UploadResult(body.Length);
    }

    private static async Task<IResult> DownloadAsync(string size, HttpResponse response, CancellationToken aborted)
    {
        if (!s_size.TryParse(size, out var bytes, out var refusal))
        {
            return refusal;
        }

        response.ContentType = "application/octet-stream";
        response.ContentLength = bytes;
        for (var left = bytes; left > 0; left -= ChunkSize)
        {
            await response.Body.WriteAsync(s_chunk.AsMemory(0, (int)Math.Min(left, ChunkSize)), aborted);
        }

        return Results.Empty;
    }

    private static byte[] CreateChunk()
    {
        var chunk = new byte[ChunkSize];
        for (var i = 0; i < chunk.Length; i++)
        {
            chunk[i] = (byte)('a' + (i % 26));
        }

        return chunk;
    }
}
