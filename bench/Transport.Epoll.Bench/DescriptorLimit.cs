using System.Runtime.InteropServices;

namespace Transport.Epoll.Bench;

/// <summary>
/// The number of descriptors that a process may open (getrlimit(2)). Children inherit it, and wrk, h2load and nginx don't raise theirs.
/// </summary>
internal static class DescriptorLimit
{
    private const int RlimitNoFile = 7;

    /// <summary>Raises the soft limit to the hard one, which it returns.</summary>
    public static long Raise()
    {
        if (GetLimit(RlimitNoFile, out var limit) != 0)
        {
            throw new BenchException($"The limit of open descriptors can't be read: {Marshal.GetLastPInvokeErrorMessage()}.");
        }

        limit.Soft = limit.Hard;
        return SetLimit(RlimitNoFile, limit) == 0
            ? (long)Math.Min(limit.Hard, long.MaxValue)
            : throw new BenchException($"The limit of open descriptors can't be raised to {limit.Hard}: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    [DllImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetLimit(int resource, out Limit limit);

    [DllImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetLimit(int resource, in Limit limit);

    private struct Limit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
