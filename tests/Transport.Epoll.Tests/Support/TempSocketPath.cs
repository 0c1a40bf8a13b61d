using System.Net.Sockets;

namespace Transport.Epoll.Tests.Support;

/// <summary>A path for a unix socket that is free, and is deleted afterwards.</summary>
internal sealed class TempSocketPath : IDisposable
{
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"te-{Guid.NewGuid():N}.sock");

    public UnixDomainSocketEndPoint EndPoint => new(Path);

    public void Dispose() => File.Delete(Path);
}
