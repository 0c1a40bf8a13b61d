using static Tmds.Linux.LibC;

namespace Transport.Epoll.Native;

/// <summary>The kernel's names of the errors that accept(2) may answer with, for metrics: few and fixed.</summary>
/// <remarks>Any thread: no state.</remarks>
internal static class ErrorNames
{
    private static readonly (int Errno, string Name)[] s_names =
    [
        (ECONNABORTED, nameof(ECONNABORTED)),
        (ECONNRESET, nameof(ECONNRESET)),
        (EHOSTDOWN, nameof(EHOSTDOWN)),
        (EHOSTUNREACH, nameof(EHOSTUNREACH)),
        (EMFILE, nameof(EMFILE)),
        (ENETDOWN, nameof(ENETDOWN)),
        (ENETUNREACH, nameof(ENETUNREACH)),
        (ENFILE, nameof(ENFILE)),
        (ENOBUFS, nameof(ENOBUFS)),
        (ENOMEM, nameof(ENOMEM)),
        (ENONET, nameof(ENONET)),
        (ENOPROTOOPT, nameof(ENOPROTOOPT)),
        (EOPNOTSUPP, nameof(EOPNOTSUPP)),
        (EPERM, nameof(EPERM)),
        (EPROTO, nameof(EPROTO)),
        (ETIMEDOUT, nameof(ETIMEDOUT)),
    ];

    /// <summary>The error's name; its number if it is none of those (errno(3)).</summary>
    public static string Of(SysResult failure)
    {
        foreach ((int errno, string name) in s_names)
        {
            if (errno == failure.Errno)
            {
                return name;
            }
        }

        return $"errno {failure.Errno}";
    }
}
