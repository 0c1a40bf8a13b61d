using Sample.Web.Figures;

namespace Sample.Web.Routes;

/// <summary><c>/</c>: the page that says which transport serves it.</summary>
internal static class IndexRoute
{
    private static readonly string s_page = ReadPage();

    public static void MapIndex(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", (FigureReader figures) =>
            Results.Text(s_page.Replace("{{transport}}", figures.Transport.Name(), StringComparison.Ordinal), "text/html; charset=utf-8"));
    }

    private static string ReadPage()
    {
        using var stream = typeof(IndexRoute).Assembly.GetManifestResourceStream("index.html")
            ?? throw new InvalidOperationException("The page is not embedded in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
