namespace Sample.Web.Tests.Support;

/// <summary>A folder for sockets and traces, gone after the test.</summary>
internal sealed class ScratchFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sample-web-");

    public ScratchFolder(bool forEverybody = false)
    {
        if (forEverybody)
        {
#pragma warning disable CA1416 // The transport, and so its tests, are for Linux.
            _folder.UnixFileMode |= UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
#pragma warning restore CA1416
        }
    }

    public string File(string name) => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);
}
