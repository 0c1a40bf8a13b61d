using Microsoft.Extensions.Options;
using Sample.Web;

const int ExitFailed = 1;
const int ExitUsage = 2;

if (!SampleArguments.TryParse(args, out var arguments, out var error))
{
    Console.Error.WriteLine($"Sample.Web: {error}");
    return ExitUsage;
}

if (arguments.ShowHelp)
{
    Console.WriteLine(SampleArguments.Help);
    return 0;
}

try
{
    await using var app = SampleApplication.Build(arguments);
    await app.StartAsync();
    StartupMessage.Write(app, arguments);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception exception) when (exception
    is IOException                  // the address is taken, the certificate file is not there
    or System.Net.Sockets.SocketException // the address is not ours, the port is privileged
    or System.Security.Cryptography.CryptographicException // the certificate's password is wrong
    or FormatException              // --urls is no URL
    or InvalidOperationException    // a value of --Kestrel:... is none that Kestrel knows
    or InvalidDataException         // an appsettings.json that does not parse
    or OptionsValidationException)  // a value of --Kestrel:Transport:Epoll:... is out of range
{
    Console.Error.WriteLine($"Sample.Web: cannot start: {exception.Message}");
    return ExitFailed;
}
