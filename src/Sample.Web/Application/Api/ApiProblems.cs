using Microsoft.AspNetCore.Diagnostics;
using Sample.Web.Data;

namespace Sample.Web.Application.Api;

/// <summary>
/// Answers the API's requests that failed with problem details: 503 while the database can't be used, 500 for everything else. Pages have one of their own for it.
/// </summary>
internal sealed partial class ApiProblems(IProblemDetailsService problems, ILogger<ApiProblems> logger) : IExceptionHandler
{
    private const string SecondsToWait = "2";

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        // The request's own is that of the error page by now.
        var path = new PathString(httpContext.Features.Get<IExceptionHandlerPathFeature>()?.Path);
        var status = StatusCodes.Status500InternalServerError;
        if (DatabaseFailure.TryFind(exception, out var failure))
        {
            status = StatusCodes.Status503ServiceUnavailable;
            DatabaseFailed(path, failure.Message); // the stack says nothing that is not known
        }
        else
        {
            RequestFailed(exception, path);
        }

        if (!path.StartsWithSegments("/api", StringComparison.Ordinal))
        {
            return false;
        }

        httpContext.Response.StatusCode = status;
        var problem = new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = { Status = status } };
        if (failure != null)
        {
            httpContext.Response.Headers.RetryAfter = SecondsToWait;
            problem.ProblemDetails.Title = DatabaseFailure.Title;
            problem.ProblemDetails.Detail = "Nothing was changed, or it is not known whether it was. Try again in some seconds.";
        }

        return await problems.TryWriteAsync(problem);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path}: the database can't be used: {Reason}")]
    private partial void DatabaseFailed(PathString path, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} failed.")]
    private partial void RequestFailed(Exception exception, PathString path);
}
