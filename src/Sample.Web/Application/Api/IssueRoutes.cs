using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Sample.Web.Application.Data;
using Sample.Web.Application.Issues;

namespace Sample.Web.Application.Api;

/// <summary><c>/api/issues</c>: the list as JSON. Bad input is answered with problem details.</summary>
internal static class IssueRoutes
{
    /// <summary>The name of the list's output cache, and of what is evicted from it.</summary>
    public const string ListPolicy = "issues";

    /// <summary>How old the list may be where another process made the change; this process's own changes show at once.</summary>
    public static readonly TimeSpan ListAge = TimeSpan.FromSeconds(1);

    public static void MapIssueApi(this IEndpointRouteBuilder routes)
    {
        var issues = routes.MapGroup("/api/issues").WithMetadata(NeedsDatabase.Instance);
        issues.MapGet("", ListAsync).CacheOutput(ListPolicy);
        issues.MapGet("/{id:int}", FindAsync);
        issues.MapPost("", AddAsync);
        issues.MapPost("/{id:int}/close", (int id, IssueBook book, CancellationToken aborted) => SetStateAsync(id, IssueState.Closed, book, aborted));
        issues.MapPost("/{id:int}/reopen", (int id, IssueBook book, CancellationToken aborted) => SetStateAsync(id, IssueState.Open, book, aborted));
    }

    private static async Task<Ok<IssueList>> ListAsync(
        IssueBook book,
        CancellationToken aborted,
        [AllowedValues(null, "open", "closed", ErrorMessage = "The state is open or closed, or left out for both.")] string? state = null,
        [Range(1, int.MaxValue, ErrorMessage = "'before' is the number of an issue.")] int? before = null,
        [Range(1, IssueBook.MaxLimit, ErrorMessage = "'limit' is a number from 1 to 100.")] int limit = 50)
    {
        IssueState? wanted = state switch
        {
            "open" => IssueState.Open,
            "closed" => IssueState.Closed,
            _ => null,
        };
        return TypedResults.Ok(await book.ListAsync(wanted, before, limit, aborted));
    }

    private static async Task<Results<Ok<Issue>, NotFound>> FindAsync(int id, IssueBook book, CancellationToken aborted) =>
        await book.FindAsync(id, aborted) is { } issue ? TypedResults.Ok(issue) : TypedResults.NotFound();

    private static async Task<Created<Issue>> AddAsync(NewIssue issue, IssueBook book, CancellationToken aborted)
    {
        var added = await book.AddAsync(issue, aborted);
        return TypedResults.Created($"/api/issues/{added.Id}", added);
    }

    private static async Task<Results<Ok<Issue>, NotFound>> SetStateAsync(int id, IssueState state, IssueBook book, CancellationToken aborted) =>
        await book.SetStateAsync(id, state, aborted) is { } issue ? TypedResults.Ok(issue) : TypedResults.NotFound();
}
