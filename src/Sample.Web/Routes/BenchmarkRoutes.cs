using System.Buffers;
using System.Text.Json;

namespace Sample.Web.Routes;

/// <summary>The answer of <c>/json</c>.</summary>
internal sealed record JsonMessage(string Message);

/// <summary><c>/plaintext</c> and <c>/json</c> as the public framework benchmarks define them, as one middleware ahead of routing.</summary>
internal static class BenchmarkRoutes
{
    private const int JsonLength = 27;

    private static ReadOnlySpan<byte> PlaintextBody => "Hello, World!"u8;

    /// <summary>Used within one call only, so that a thread needs no more than one.</summary>
    [ThreadStatic]
    private static Utf8JsonWriter? t_jsonWriter;

    public static void UseBenchmarkRoutes(this IApplicationBuilder app)
    {
        app.Use(next => context =>
        {
            switch (context.Request.Path.Value)
            {
                case "/plaintext":
                    WritePlaintext(context.Response);
                    return Task.CompletedTask;
                case "/json":
                    WriteJson(context.Response);
                    return Task.CompletedTask;
                default:
                    return next(context);
            }
        });
    }

    // Neither flushes: Kestrel does when the request is complete, once for all that were pipelined.

    private static void WritePlaintext(HttpResponse response)
    {
        response.ContentType = "text/plain";
        response.ContentLength = PlaintextBody.Length;
        response.BodyWriter.Write(PlaintextBody);
    }

    private static void WriteJson(HttpResponse response)
    {
        response.ContentType = "application/json";
        response.ContentLength = JsonLength;

        var output = response.BodyWriter;
        var writer = t_jsonWriter ??= new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        writer.Reset(output);
        JsonSerializer.Serialize(writer, new JsonMessage("Hello, World!"), SampleJsonContext.Default.JsonMessage);
        writer.Flush();
    }
}
