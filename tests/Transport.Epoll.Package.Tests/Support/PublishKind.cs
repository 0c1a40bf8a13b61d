namespace Transport.Epoll.Package.Tests.Support;

/// <summary>A way to publish an app from a template of the SDK.</summary>
/// <param name="Name">As in the table of docs/adoption.md.</param>
/// <param name="Template">The template's name for `dotnet new`.</param>
/// <param name="Path">A path that the app answers.</param>
/// <param name="Arguments">What `dotnet publish` gets.</param>
internal sealed record PublishKind(string Name, string Template, string Path, params string[] Arguments)
{
    public static PublishKind FrameworkDependent { get; } = new("framework-dependent", "web", "/");

    public static PublishKind ReadyToRun { get; } = new("ReadyToRun", "web", "/", "-r", "linux-x64", "--no-self-contained", "-p:PublishReadyToRun=true");

    public static PublishKind SingleFile { get; } = new("single file, self-contained", "web", "/", "-r", "linux-x64", "--self-contained", "-p:PublishSingleFile=true");

    public static PublishKind Trimmed { get; } = new("trimmed, self-contained", "web", "/", "-r", "linux-x64", "--self-contained", "-p:PublishTrimmed=true", "-p:EnableRequestDelegateGenerator=true");

    public static PublishKind Aot { get; } = new("native AOT", "webapiaot", "/todos", "-r", "linux-x64");

    public static IReadOnlyList<PublishKind> All { get; } = [FrameworkDependent, ReadyToRun, SingleFile, Trimmed, Aot];

    /// <summary>The name without what a folder should not have.</summary>
    public string FolderName => string.Concat(Name.Where(char.IsAsciiLetter)).ToLowerInvariant();
}
