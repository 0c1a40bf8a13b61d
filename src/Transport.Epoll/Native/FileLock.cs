using System.Runtime.InteropServices;

namespace Transport.Epoll.Native;

/// <summary>flock(2), which Tmds.LibC leaves out.</summary>
/// <remarks>Any thread: no state.</remarks>
internal static partial class FileLock
{
    /// <summary>LOCK_EX | LOCK_NB of sys/file.h.</summary>
    public const int ExclusiveNonBlocking = 2 | 4;

    /// <summary>LOCK_UN.</summary>
    public const int Release = 8;

    public static SysResult Call(int descriptor, int operation)
        => Flock(descriptor, operation) == 0 ? SysResult.Ok(0) : SysResult.Failed(Marshal.GetLastPInvokeError());

    // By the name that Tmds.LibC uses, too: musl's loader knows it.
    [LibraryImport("libc.so.6", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(int descriptor, int operation);
}
