using Sample.Web.Figures;

namespace Sample.Web.Routes;

/// <summary><c>/loops</c>: the page that says which transport serves it.</summary>
internal static class LoopsRoute
{
    private static readonly string s_page = ReadPage();

    public static void MapLoops(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/loops", (FigureReader figures) =>
            Results.Text(s_page.Replace("{{transport}}", figures.Transport.Name(), StringComparison.Ordinal), "text/html; charset=utf-8"));
    }

    private static string ReadPage()
    {
        using var stream = typeof(LoopsRoute).Assembly.GetManifestResourceStream("loops.html")
            ?? throw new InvalidOperationException("The page is not embedded in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
