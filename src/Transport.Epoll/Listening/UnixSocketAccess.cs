using Transport.Epoll.Native;

namespace Transport.Epoll.Listening;

/// <summary>
/// Who may connect to a unix socket: who may write to its file (unix(7)). What is <see langword="null"/> stays as bind(2) makes it.
/// </summary>
/// <remarks>Any thread: immutable.</remarks>
/// <param name="Mode">The permissions of the file.</param>
/// <param name="User">The number of its user.</param>
/// <param name="Group">The number of its group.</param>
internal sealed record UnixSocketAccess(UnixFileMode? Mode = null, int? User = null, int? Group = null)
{
    private const int Unchanged = -1;

    /// <summary>Those that ask for something, by the names of their options.</summary>
    public IEnumerable<string> Asked
    {
        get
        {
            if (Mode is not null)
            {
                yield return "UnixSocketMode";
            }

            if (User is not null)
            {
                yield return "UnixSocketUser";
            }

            if (Group is not null)
            {
                yield return "UnixSocketGroup";
            }
        }
    }

    /// <summary>
    /// Sets them on a file that was just bound. Before listen(2): until then every connect is refused, whoever tries, so there is no moment in
    /// which others can. The permissions first: whoever gives a file away may not change it any more.
    /// </summary>
    /// <exception cref="System.Net.Sockets.SocketException">The process may not do so (EPERM).</exception>
    public void Apply(Kernel kernel, string path)
    {
        if (Mode is UnixFileMode mode)
        {
            kernel.ChangeMode(path, mode).ThrowIfFailed();
        }

        if ((User ?? Group) is not null)
        {
            kernel.ChangeOwner(path, User ?? Unchanged, Group ?? Unchanged).ThrowIfFailed();
        }
    }
}
