using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Sample.Web.Data;

/// <summary>Tells a database that can't be used now from a fault of the program.</summary>
internal static class DatabaseFailure
{
    public const string Title = "The database can't be used at the moment.";

    /// <summary>Finds the driver's own exception, which EF Core wraps once or twice, or that a wait for the database was too long.</summary>
    public static bool TryFind(Exception? exception, [NotNullWhen(true)] out Exception? failure)
    {
        for (; exception != null; exception = exception.InnerException)
        {
            if (exception is DbException or TimeoutException)
            {
                failure = exception;
                return true;
            }
        }

        failure = null;
        return false;
    }
}
