using Transport.Epoll.Package.Tests.Support;

namespace Transport.Epoll.Package.Tests;

/// <summary>The package in everything that `dotnet publish` makes.</summary>
[Collection(PackageTests.Name)]
[Trait("Size", "Long")]
public sealed class PublishTests(PackageFixture package)
{
    public static TheoryData<string> Kinds => [.. PublishKind.All.Select(kind => kind.Name)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Publish_EveryKind_ServesOnEpollWithoutAWarningOfTheCompilers(string name)
    {
        var kind = PublishKind.All.Single(kind => kind.Name == name);
        var app = await AppFolder.CreateWithTransportAsync(package, kind.Template, kind.FolderName);
        var output = await app.PublishAsync("out", kind.Arguments);

        await using var running = await RunningApp.StartAsync(output, Path.Combine(output, app.Program), "--urls", "http://127.0.0.1:0");

        Assert.NotEmpty(await running.GetAsync(kind.Path));
        await running.WaitForAsync(RunningApp.ServingLine);
    }

    /// <summary>Options are read by name: the trimmer must leave the names, and the values of the enums.</summary>
    [Theory]
    [InlineData("native AOT")]
    [InlineData("trimmed, self-contained")]
    public async Task Publish_Trimmed_ReadsAndChecksOptions(string name)
    {
        var kind = PublishKind.All.Single(kind => kind.Name == name);
        var app = await AppFolder.CreateWithTransportAsync(package, kind.Template, "options-" + kind.FolderName);
        var output = await app.PublishAsync("out", kind.Arguments);
        string[] arguments = ["--urls", "http://127.0.0.1:0", "--Kestrel:Transport:Epoll:LoopCount", "3"];

        await using (var running = await RunningApp.StartAsync(output, Path.Combine(output, app.Program), [.. arguments, "--Kestrel:Transport:Epoll:Schedulin", "Inline"]))
        {
            await running.WaitForAsync(RunningApp.ServingLine + "3, scheduling Auto, ");
            await running.WaitForAsync("Was Scheduling meant?");
        }

        var (exitCode, log) = await Command.TryRunAsync(output, Path.Combine(output, app.Program), [.. arguments, "--Kestrel:Transport:Epoll:Scheduling", "Fast"]);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("Scheduling is 'Fast'; allowed is Auto, Inline, ThreadPool.", log, StringComparison.Ordinal);
    }

    /// <summary>Compiled for arm64 by Debian's cross compiler and run by its emulator.</summary>
    [Fact]
    public async Task Publish_Arm64_ServesOnEpollInTheEmulator()
    {
        Command.Require("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu");
        Command.Require("qemu-aarch64-static", "qemu-user-static");
        var app = await AppFolder.CreateWithTransportAsync(package, PublishKind.Aot.Template, "arm64");
        var output = await app.PublishAsync("out", "-r", "linux-arm64", "-p:SysRoot=/", "-p:ObjCopyName=aarch64-linux-gnu-objcopy");

        await using var running = await RunningApp.StartAsync(output, "qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu",
            Path.Combine(output, app.Program), "--urls", "http://127.0.0.1:0");

        Assert.NotEmpty(await running.GetAsync(PublishKind.Aot.Path));
        await running.WaitForAsync(RunningApp.ServingLine);
    }
}
