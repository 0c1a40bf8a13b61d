namespace Sample.Web;

/// <summary>Tells whoever started the sample what to open; the same words as ASP.NET Core's own log lines, which are off here.</summary>
internal static class StartupMessage
{
    public static void Write(WebApplication app, SampleArguments arguments)
    {
        try
        {
            WriteLines(app, arguments);
        }
        catch (IOException)
        {
            // The output goes to a full disk: no reason not to serve.
        }
    }

    private static void WriteLines(WebApplication app, SampleArguments arguments)
    {
        foreach (var address in app.Urls)
        {
            Console.WriteLine($"Now listening on: {address}");
        }

        Console.WriteLine($"Transport: {arguments.Transport.Name()}. Open the address, or try: {Suggestion(app.Urls)}");
        Console.WriteLine("Application started. Press Ctrl+C to shut down.");
    }

    private static string Suggestion(ICollection<string> addresses)
    {
        const string UnixPrefix = "http://unix:";
        var address = addresses.FirstOrDefault() ?? SampleApplication.DefaultUrl;
        return address switch
        {
            _ when address.StartsWith(UnixPrefix, StringComparison.OrdinalIgnoreCase) => $"curl --unix-socket {address[UnixPrefix.Length..]} http://localhost/plaintext",
            _ when address.StartsWith("https:", StringComparison.OrdinalIgnoreCase) => $"curl -k {address}/plaintext",
            _ => $"curl {address}/plaintext",
        };
    }
}
