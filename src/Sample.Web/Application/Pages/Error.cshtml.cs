using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Sample.Web.Data;

namespace Sample.Web.Application.Pages;

/// <summary>What a page's request is answered with when it failed; of any method, since a form may have failed too. Asks for no database.</summary>
[IgnoreAntiforgeryToken]
internal sealed class ErrorModel : PageModel
{
    public string Message { get; private set; } = "Something went wrong.";

    public string Advice { get; private set; } = "The server has written down what.";

    public void OnGet() => Explain();

    public void OnPost() => Explain();

    private void Explain()
    {
        if (DatabaseFailure.TryFind(HttpContext.Features.Get<IExceptionHandlerFeature>()?.Error, out _))
        {
            Message = DatabaseFailure.Title;
            Advice = "Try again in some seconds. If you were sending an issue, look at the list first: it may have been stored.";
            Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
        else if (HttpContext.Features.Get<IExceptionHandlerFeature>() == null)
        {
            Response.StatusCode = StatusCodes.Status404NotFound; // nothing failed: somebody typed the address
            Message = "There is nothing to see here.";
            Advice = "";
        }
    }
}
