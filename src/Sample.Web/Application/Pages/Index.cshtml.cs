using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Sample.Web.Application.Issues;

namespace Sample.Web.Application.Pages;

/// <summary><c>/</c>: the list, and the form for a new issue.</summary>
internal sealed class IndexModel(IssueBook book) : PageModel
{
    private const int PageSize = 50;

    /// <summary>What the page's script makes new rows of.</summary>
    public static Issue Blank { get; } = new() { Title = "", Details = "", Author = "" };

    [BindProperty]
    public NewIssue New { get; set; } = new();

    /// <summary><c>open</c>, <c>closed</c>, or null for both.</summary>
    public string? Filter { get; private set; }

    public int? Before { get; private set; }

    public IssueList List { get; private set; } = new([], null);

    public Task OnGetAsync(string? state, int? before, CancellationToken aborted)
    {
        ModelState.Clear(); // of the form nothing was sent; a state or number that is none means the whole list
        Filter = state is "open" or "closed" ? state : null;
        Before = before;
        return ReadAsync(aborted);
    }

    public async Task<IActionResult> OnPostAsync(CancellationToken aborted)
    {
        if (ModelState.IsValid)
        {
            await book.AddAsync(New, aborted);
            return RedirectToPage();
        }

        await ReadAsync(aborted);
        Response.StatusCode = StatusCodes.Status400BadRequest;
        return Page();
    }

    /// <summary>Closes an issue or opens it again, and goes back to where the button was.</summary>
    public async Task<IActionResult> OnPostStateAsync(int id, IssueState state, string? filter, CancellationToken aborted)
    {
        return await book.SetStateAsync(id, state, aborted) != null ? Redirect(filter is "open" or "closed" ? $"/?state={filter}" : "/") : NotFound();
    }

    private async Task ReadAsync(CancellationToken aborted)
    {
        IssueState? state = Filter switch
        {
            "open" => IssueState.Open,
            "closed" => IssueState.Closed,
            _ => null,
        };
        List = await book.ListAsync(state, Before, PageSize, aborted);
    }
}
