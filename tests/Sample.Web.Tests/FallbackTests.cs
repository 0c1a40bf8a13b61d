using Sample.Web.Tests.Support;

namespace Sample.Web.Tests;

public class FallbackTests
{
    [Fact]
    public async Task Start_NativeAssemblyMissing_ServesOnSocketsAndSaysSo()
    {
        using var folder = new ScratchFolder();
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll").Append(Path.ChangeExtension(SampleProcess.Assembly, "runtimeconfig.json")))
        {
            File.Copy(file, folder.File(Path.GetFileName(file)));
        }

        // Without its deps.json, which would miss the file, the host takes what lies beside the app.
        File.Delete(folder.File("Tmds.LibC.dll"));
        await using var sample = SampleProcess.Launch(
            SampleProcess.Dotnet, [folder.File("Sample.Web.dll"), "--urls", SampleProcess.AnyPort, "--Logging:LogLevel:Default", "Information"]);
        await sample.WaitUntilStartedAsync();
        using var client = sample.CreateClient();

        var info = await client.GetStringAsync(new Uri("/info", UriKind.Relative)).WithTimeout(Deadline.Short);

        Assert.Contains("\"transport\":\"sockets\"", info, StringComparison.Ordinal);
        Assert.Contains("Transport.Epoll", sample.Log, StringComparison.Ordinal);
    }
}
