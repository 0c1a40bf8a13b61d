using System.Globalization;

namespace Transport.Epoll.Listening;

/// <summary>The numbers of users and groups: given as such, or by a name in the system's own lists (passwd(5), group(5)).</summary>
/// <remarks>Any thread: no state.</remarks>
internal static class UnixAccounts
{
    /// <summary>The number of a user; <see langword="null"/> if none is asked for.</summary>
    /// <exception cref="InvalidOperationException">There is no such user.</exception>
    public static int? UserId(string? user, string list = "/etc/passwd") => Find(user, list, "user");

    /// <summary>The number of a group; <see langword="null"/> if none is asked for.</summary>
    /// <exception cref="InvalidOperationException">There is no such group.</exception>
    public static int? GroupId(string? group, string list = "/etc/group") => Find(group, list, "group");

    private static int? Find(string? account, string list, string kind)
    {
        if (string.IsNullOrEmpty(account))
        {
            return null;
        }

        if (TryParse(account, out int number))
        {
            return number;
        }

        // Both lists have the name in the first field and the number in the third.
        foreach (string line in File.ReadLines(list))
        {
            string[] fields = line.Split(':');
            if (fields.Length > 2 && fields[0] == account && TryParse(fields[2], out number))
            {
                return number;
            }
        }

        throw new InvalidOperationException($"There is no {kind} '{account}'; allowed is a name in {list} or a number, as 'id {account}' tells for names of other services, such as LDAP.");
    }

    private static bool TryParse(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
