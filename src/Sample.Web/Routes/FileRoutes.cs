using Microsoft.Extensions.FileProviders;

namespace Sample.Web.Routes;

/// <summary><c>/files</c>: files of the folder that the configuration names as <c>Sample:Files</c>, read from the disk by ASP.NET Core's own middleware. Off without the key.</summary>
internal static class FileRoutes
{
    public static void UseFiles(this WebApplication app)
    {
        if (app.Configuration["Sample:Files"] is not { Length: > 0 } folder)
        {
            return;
        }

        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"{folder}, which Sample:Files names, is no folder.");
        }

        app.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(Path.GetFullPath(folder)), RequestPath = "/files" });
    }
}
