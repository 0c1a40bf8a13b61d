using Microsoft.AspNetCore.Diagnostics;
using Sample.Web.Data;

namespace Sample.Web.Application.Api;

/// <summary>Answers the API's requests with 503 and problem details while the database can't be used; pages have one of their own for it.</summary>
internal sealed partial class DatabaseProblems(IProblemDetailsService problems, ILogger<DatabaseProblems> logger) : IExceptionHandler
{
    private const string SecondsToWait = "2";

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (!DatabaseFailure.TryFind(exception, out var failure))
        {
            return false;
        }

        DatabaseFailed(httpContext.Request.Path, failure.Message);
        if (!httpContext.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
        {
            return false;
        }

        httpContext.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        httpContext.Response.Headers.RetryAfter = SecondsToWait;
        return await problems.TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = httpContext,
            ProblemDetails =
            {
                Status = StatusCodes.Status503ServiceUnavailable,
                Title = DatabaseFailure.Title,
                Detail = "Nothing was changed, or it is not known whether it was. Try again in some seconds.",
            },
        });
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path}: the database can't be used: {Reason}")]
    private partial void DatabaseFailed(PathString path, string reason);
}
