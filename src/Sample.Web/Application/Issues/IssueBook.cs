using Microsoft.AspNetCore.OutputCaching;
using Microsoft.EntityFrameworkCore;
using Sample.Web.Application.Api;
using Sample.Web.Application.Data;
using Sample.Web.Application.Live;

namespace Sample.Web.Application.Issues;

/// <summary>A part of the list, newest first.</summary>
/// <param name="Items">The issues.</param>
/// <param name="Before">What to ask for next; null at the end.</param>
internal sealed record IssueList(IReadOnlyList<Issue> Items, int? Before);

/// <summary>
/// The issues: what is read and changed. A change is in the database when the call returns, and only then told to the open pages.
/// One request's, like the context that it uses.
/// </summary>
internal sealed class IssueBook(IssueContext context, LiveChannel live, IOutputCacheStore cache)
{
    public const int MaxLimit = 100;

    public async Task<IssueList> ListAsync(IssueState? state, int? before, int limit, CancellationToken cancellation)
    {
        var issues = context.Issues.AsNoTracking();
        if (state != null)
        {
            issues = issues.Where(issue => issue.State == state);
        }

        if (before != null)
        {
            issues = issues.Where(issue => issue.Id < before);
        }

        // One more than asked for tells whether there is more.
        var items = await issues.OrderByDescending(issue => issue.Id).Take(limit + 1).ToListAsync(cancellation);
        return items.Count > limit ? new IssueList(items[..limit], items[limit - 1].Id) : new IssueList(items, null);
    }

    public Task<Issue?> FindAsync(int id, CancellationToken cancellation) => context.Issues.AsNoTracking().FirstOrDefaultAsync(issue => issue.Id == id, cancellation);

    public async Task<Issue> AddAsync(NewIssue entered, CancellationToken cancellation)
    {
        var now = DateTimeOffset.UtcNow;
        var issue = new Issue
        {
            Title = entered.Title?.Trim() ?? "",
            Details = entered.Details?.Trim() ?? "",
            Author = entered.Author?.Trim() ?? "",
            CreatedAt = now,
            ChangedAt = now,
        };
        context.Issues.Add(issue);
        await context.SaveChangesAsync(cancellation);
        await TellAsync(issue);
        return issue;
    }

    /// <summary>Closes or opens an issue again; null if there is none of that number.</summary>
    public async Task<Issue?> SetStateAsync(int id, IssueState state, CancellationToken cancellation)
    {
        var now = DateTimeOffset.UtcNow;
        var changed = await context.Issues
            .Where(issue => issue.Id == id && issue.State != state)
            .ExecuteUpdateAsync(set => set.SetProperty(issue => issue.State, state).SetProperty(issue => issue.ChangedAt, now), cancellation);
        var issue = await FindAsync(id, cancellation);
        if (changed > 0 && issue != null)
        {
            await TellAsync(issue);
        }

        return issue;
    }

    // The change stands, whatever becomes of the request: neither takes its cancellation.
    private async Task TellAsync(Issue issue)
    {
        await cache.EvictByTagAsync(IssueRoutes.ListPolicy, CancellationToken.None);
        await live.TellAsync(issue);
    }
}
