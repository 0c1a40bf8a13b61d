namespace Sample.Web.Application.Issues;

/// <summary>Whether an issue still has to be dealt with.</summary>
internal enum IssueState
{
    Open,
    Closed,
}

/// <summary>A row of the list.</summary>
internal sealed class Issue
{
    public int Id { get; init; }

    public required string Title { get; init; }

    public required string Details { get; init; }

    public required string Author { get; init; }

    public IssueState State { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ChangedAt { get; init; }
}
