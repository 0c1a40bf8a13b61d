using Microsoft.AspNetCore.SignalR;
using Sample.Web.Application.Issues;

namespace Sample.Web.Application.Live;

/// <summary>
/// Tells all open pages of a change, those of other processes through Redis. A hint, not the truth: a page that missed one finds the change when it looks at
/// the list again. Any thread.
/// </summary>
internal sealed partial class LiveChannel(IHubContext<IssueHub> hub, ILogger<LiveChannel> logger)
{
    private const string Method = "changed";

    /// <summary>Whoever made the change waits for this at most.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(1);

    public async Task TellAsync(Issue issue)
    {
        try
        {
            await hub.Clients.All.SendAsync(Method, issue).WaitAsync(s_limit);
        }
        catch (Exception exception)
        {
            // The change is stored. Not to be told of it right away is no reason to call it failed.
            NotTold(issue.Id, exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Open pages were not told of issue {Id}: {Reason}")]
    private partial void NotTold(int id, string reason);
}
