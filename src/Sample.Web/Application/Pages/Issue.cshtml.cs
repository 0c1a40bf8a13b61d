using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Sample.Web.Application.Issues;

namespace Sample.Web.Application.Pages;

/// <summary><c>/issues/{id}</c>: one issue, to link to.</summary>
internal sealed class IssueModel(IssueBook book) : PageModel
{
    public Issue Found { get; private set; } = IndexModel.Blank;

    public async Task<IActionResult> OnGetAsync(int id, CancellationToken aborted)
    {
        if (await book.FindAsync(id, aborted) is not { } issue)
        {
            return NotFound();
        }

        Found = issue;
        return Page();
    }
}
