using Transport.Epoll.Package.Tests.Support;

namespace Transport.Epoll.Package.Tests;

/// <summary>
/// .NET for musl, the C library of Alpine: its own runtime, under Debian's musl, in a root folder that has no glibc. Only libstdc++ and libgcc_s are this
/// machine's; a small library gives them what musl has not.
/// </summary>
[Collection(PackageTests.Name)]
[Trait("Size", "Long")]
public sealed class MuslTests(PackageFixture package)
{
    private const string Loader = "/lib/ld-musl-x86_64.so.1";

    [Fact]
    public async Task Publish_Musl_ServesOnEpoll()
    {
        Assert.True(File.Exists(Loader), "install Debian package musl: apt-get install musl");
        var app = await AppFolder.CreateWithTransportAsync(package, "web", "musl");
        var root = await app.PublishAsync("root/app", "-r", "linux-musl-x64", "--self-contained", "-p:InvariantGlobalization=true");
        root = Path.GetDirectoryName(root)!;
        await PutLibrariesAsync(root);

        // /proc, /sys and /dev of this machine; all else is the folder's.
        const string Mounts = "for each in proc sys dev; do mkdir -p $0/$each && mount --rbind /$each $0/$each || exit; done; exec chroot $0 \"$@\"";
        await using var running = await RunningApp.StartAsync(root, "unshare", "--map-root-user", "--mount", "sh", "-c", Mounts, root,
            $"/app/{app.Program}", "--urls", "http://127.0.0.1:0", "--Kestrel:Transport:Epoll:LoopCount", "2");

        Assert.Equal("Hello World!", await running.GetAsync());
        await running.WaitForAsync(RunningApp.ServingLine + "2, ");
        var maps = await File.ReadAllTextAsync($"/proc/{running.Id}/maps");
        Assert.Contains("ld-musl-x86_64.so.1", maps, StringComparison.Ordinal);
        Assert.DoesNotContain("libc.so.6", maps, StringComparison.Ordinal);
    }

    private static async Task PutLibrariesAsync(string root)
    {
        var lib = Directory.CreateDirectory(Path.Combine(root, "lib")).FullName;
        var usrLib = Directory.CreateDirectory(Path.Combine(root, "usr", "lib")).FullName;
        File.Copy(Loader, Path.Combine(lib, Path.GetFileName(Loader)));
        foreach (var library in new[] { "libstdc++.so.6", "libgcc_s.so.1" })
        {
            var path = await Command.RunAsync(root, "gcc", $"-print-file-name={library}");
            File.Copy(path.Trim(), Path.Combine(usrLib, library));
        }

        // Under a name that libstdc++ needs and musl lacks, so that it is loaded.
        const string Name = "ld-linux-x86-64.so.2";
        await Command.RunAsync(root, "gcc", "-shared", "-nostdlib", "-fPIC", "-fno-stack-protector", "-O1", "-w", $"-Wl,-soname,{Name}",
            "-o", Path.Combine(usrLib, Name), Repository.File("tests/Transport.Epoll.Package.Tests/Musl/shim.c"));
    }
}
