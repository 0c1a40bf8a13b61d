using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Sample.Web.Data;

/// <summary>Tells a database that can't be used now from a fault of the program.</summary>
internal static class DatabaseFailure
{
    public const string Title = "The database can't be used at the moment.";

    /// <summary>Finds the driver's own exception: EF Core wraps it, once or twice.</summary>
    public static bool TryFind(Exception? exception, [NotNullWhen(true)] out DbException? failure)
    {
        for (; exception != null; exception = exception.InnerException)
        {
            if (exception is DbException found)
            {
                failure = found;
                return true;
            }
        }

        failure = null;
        return false;
    }
}
