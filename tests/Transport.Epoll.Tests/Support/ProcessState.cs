namespace Transport.Epoll.Tests.Support;

/// <summary>What /proc says of this process.</summary>
internal static class ProcessState
{
    /// <summary>How many sockets, pipes, epoll instances and the like are open; files, such as assemblies that were loaded meanwhile, don't count.</summary>
    public static SortedDictionary<string, int> OpenDescriptors
    {
        get
        {
            var kinds = Directory.GetFiles("/proc/self/fd").Select(ReadKind).Where(kind => !kind.StartsWith('/')).CountBy(kind => kind);
            return new SortedDictionary<string, int>(kinds.ToDictionary(), StringComparer.Ordinal);
        }
    }

    public static IEnumerable<string> ThreadNames => Directory.GetDirectories("/proc/self/task").Select(ReadName);

    public static IEnumerable<string> EpollThreads => ThreadNames.Where(name => name.StartsWith("epoll-", StringComparison.Ordinal));

    /// <summary>What a descriptor refers to, without the number of it.</summary>
    private static string ReadKind(string descriptor)
    {
        try
        {
            var target = new FileInfo(descriptor).LinkTarget ?? "closed";
            return target.StartsWith("anon_inode", StringComparison.Ordinal) ? target : target.Split(":[")[0];
        }
        catch (IOException)
        {
            return "closed";
        }
    }

    private static string ReadName(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).Trim();
        }
        catch (IOException)
        {
            // The thread ended between the listing and the read.
            return string.Empty;
        }
    }
}
