using System.Text;
using Microsoft.AspNetCore.Connections;

namespace Transport.Epoll.Tests.Support;

/// <summary>The server's end of a raw connection.</summary>
internal static class ConnectionExtensions
{
    /// <summary>Reads as many bytes as the text has, and compares.</summary>
    public static async Task ExpectTextAsync(this ConnectionContext connection, string text)
    {
        var result = await connection.Transport.Input.ReadAtLeastAsync(text.Length).WithTimeout();
        Assert.Equal(text, Encoding.ASCII.GetString(result.Buffer));
        connection.Transport.Input.AdvanceTo(result.Buffer.End);
    }

    public static Task WriteTextAsync(this ConnectionContext connection, string text) =>
        connection.Transport.Output.WriteAsync(Encoding.ASCII.GetBytes(text)).WithTimeout();

    /// <summary>Reads until the client's FIN and says how many bytes came.</summary>
    public static async Task<long> ReadToEndAsync(this ConnectionContext connection)
    {
        long total = 0;
        while (true)
        {
            var result = await connection.Transport.Input.ReadAsync().WithTimeout();
            total += result.Buffer.Length;
            connection.Transport.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return total;
            }
        }
    }

    /// <summary>Reads until the input fails, and returns why.</summary>
    public static async Task<Exception> ReadToFailureAsync(this ConnectionContext connection)
    {
        var exception = await Record.ExceptionAsync(() => connection.ReadToEndAsync());
        return Assert.IsAssignableFrom<Exception>(exception);
    }
}
