using System.Globalization;
using System.Threading.RateLimiting;

namespace Sample.Web.Routes;

/// <summary>
/// ASP.NET Core's rate limiter over all routes, if the configuration has <c>Sample:MaxRequests</c>: so many requests in progress at a time, the rest
/// is answered 503 at once. Off without the key.
/// </summary>
internal static class RequestLimit
{
    private const string Key = "Sample:MaxRequests";

    private static readonly NumberRange s_range = new(Key, 1, 1_000_000);

    public static void AddRequestLimit(this IServiceCollection services, IConfiguration configuration)
    {
        if (configuration[Key] is not { } text)
        {
            return;
        }

        if (!s_range.TryParse(text, out var limit))
        {
            throw new InvalidOperationException(s_range.Refusal.TrimEnd());
        }

        var message = string.Create(CultureInfo.InvariantCulture, $"{limit} requests are in progress; try again in a second.\n");
        services.AddRateLimiter(limiter =>
        {
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, int>(_ =>
                RateLimitPartition.GetConcurrencyLimiter(0, _ => new ConcurrencyLimiterOptions { PermitLimit = (int)limit, QueueLimit = 0 }));
            limiter.RejectionStatusCode = StatusCodes.Status503ServiceUnavailable;
            limiter.OnRejected = (rejected, aborted) => RefuseAsync(rejected.HttpContext.Response, message, aborted);
        });
    }

    /// <summary>Ahead of whatever it is to limit.</summary>
    public static void UseRequestLimit(this WebApplication app)
    {
        if (app.Configuration[Key] is not null)
        {
            app.UseRateLimiter();
        }
    }

    private static async ValueTask RefuseAsync(HttpResponse response, string message, CancellationToken aborted)
    {
        response.Headers.RetryAfter = "1";
        response.ContentType = "text/plain; charset=utf-8";
        response.ContentLength = message.Length; // ASCII
        await response.WriteAsync(message, aborted);
    }
}
