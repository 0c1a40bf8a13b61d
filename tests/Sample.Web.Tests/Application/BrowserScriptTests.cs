using Sample.Web.Tests.Deploy;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Application;

/// <summary>What the pages use from npm is committed; this is how one sees that it is what npm has.</summary>
public class BrowserScriptTests
{
    [Fact]
    [Trait("Size", "Long")] // it asks the npm registry
    public async Task Files_FromNpm_AreThoseThatTheLockFilePins()
    {
        Tool.Require("npm", "npm");
        using var folder = new ScratchFolder();

        var update = await Tool.RunAsync(Path.Combine(DeployFiles.Repository, "scripts/npm/update.sh"), [folder.File("")], timeout: TimeSpan.FromMinutes(2));
        Assert.True(update.ExitCode == 0, update.Error);

        var files = Directory.GetFiles(folder.File(""), "*", SearchOption.AllDirectories);
        Assert.Equal(3, files.Length);
        Assert.All(files, file => Assert.Equal(
            File.ReadAllText(file), File.ReadAllText(Path.Combine(DeployFiles.Repository, "src/Sample.Web", Path.GetRelativePath(folder.File(""), file)))));
    }
}
