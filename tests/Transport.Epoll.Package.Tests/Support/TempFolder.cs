namespace Transport.Epoll.Package.Tests.Support;

/// <summary>A folder, gone after the test.</summary>
internal sealed class TempFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("te-package-");

    public string Path => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
