using Microsoft.Net.Http.Headers;

namespace Sample.Web.Dashboard;

/// <summary>One file of the page, embedded in the assembly; browsers ask each time whether it has changed.</summary>
internal sealed record DashboardAsset(string Name, string ContentType)
{
    private static readonly EntityTagHeaderValue s_build = new($"\"{typeof(DashboardAsset).Module.ModuleVersionId:N}\"");

    public static IReadOnlyList<DashboardAsset> All { get; } =
    [
        new("loops.js", "text/javascript; charset=utf-8"),
        new("uPlot.min.js", "text/javascript; charset=utf-8"),
        new("uPlot.min.css", "text/css; charset=utf-8"),
    ];

    public static Stream Open(string name) => typeof(DashboardAsset).Assembly.GetManifestResourceStream($"Dashboard/{name}")
        ?? throw new InvalidOperationException($"{name} is not embedded in the assembly.");

    public IResult Answer(HttpResponse response)
    {
        response.Headers.CacheControl = "no-cache";
        return Results.Stream(Open(Name), ContentType, entityTag: s_build);
    }
}
