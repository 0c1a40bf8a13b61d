using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Transport.Epoll.Package.Tests.Support;

namespace Transport.Epoll.Package.Tests;

/// <summary>The same in the other kinds of app that a template makes.</summary>
[Collection(PackageTests.Name)]
[Trait("Size", "Long")]
public sealed class HostKindTests(PackageFixture package)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("builder.WebHost.UseKestrel();", AppFolder.Line)]
    [InlineData(AppFolder.Line, "builder.WebHost.UseKestrel();")]
    [InlineData("builder.WebHost.UseSockets();", AppFolder.Line)]
    [InlineData(AppFolder.Line, "builder.Services.AddEpollTransport();")]
    public async Task Web_EitherOrder_ServesOnEpoll(string first, string second)
    {
        var app = await AppFolder.CreateAsync(package, "web", $"order-{Guid.NewGuid():N}");
        await app.DotnetAsync("add", "package", "Transport.Epoll");
        app.InsertAfterBuilder(second);
        app.InsertAfterBuilder(first);
        await using var running = await RunAsync(app);

        Assert.Equal("Hello World!", await running.GetAsync());
        await running.WaitForAsync(RunningApp.ServingLine);
        Assert.Single(running.Log.Split('\n'), line => line.Contains(RunningApp.ServingLine, StringComparison.Ordinal));
    }

    [Fact]
    public async Task SlimBuilder_OneLine_ServesOnEpoll()
    {
        var app = await AppFolder.CreateWithTransportAsync(package, "web", "slim");
        app.Replace("Program.cs", "CreateBuilder", "CreateSlimBuilder");
        await using var running = await RunAsync(app);

        Assert.Equal("Hello World!", await running.GetAsync());
        await running.WaitForAsync(RunningApp.ServingLine);
    }

    [Fact]
    public async Task Grpc_OneLine_AnswersACallOnEpoll()
    {
        var app = await AppFolder.CreateWithTransportAsync(package, "grpc", "grpc-service");
        await app.DotnetAsync("add", "package", "Grpc.AspNetCore", "--version", Repository.PackageVersion("Grpc.AspNetCore"));
        await using var running = await RunAsync(app);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });

        // A gRPC message: uncompressed, its length in four bytes, then field 1 of the request, the name.
        byte[] message = [0, 0, 0, 0, 7, 0x0A, 5, .. "epoll"u8];
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(await running.AddressAsync(), "/greet.Greeter/SayHello"))
        {
            Version = new Version(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(message) { Headers = { ContentType = new("application/grpc") } },
        };
        using var response = await client.SendAsync(request).WaitAsync(s_limit);

        Assert.Contains("Hello epoll", Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync()), StringComparison.Ordinal);
        await running.WaitForAsync(RunningApp.ServingLine);
    }

    [Fact]
    public async Task SignalR_OneLine_AnswersAnInvocationOnEpoll()
    {
        var app = await AppFolder.CreateWithTransportAsync(package, "web", "signalr");
        app.InsertAfterBuilder("builder.Services.AddSignalR();");
        app.Replace("Program.cs", "app.Run();", "app.MapHub<EchoHub>(\"/echo\");\napp.Run();\n\ninternal sealed class EchoHub : Microsoft.AspNetCore.SignalR.Hub { public string Echo(string text) => text; }");
        await using var running = await RunAsync(app);
        using var socket = new ClientWebSocket();
        var address = new UriBuilder(await running.AddressAsync()) { Scheme = "ws", Path = "/echo" };
        await socket.ConnectAsync(address.Uri, CancellationToken.None).WaitAsync(s_limit);

        await SendAsync(socket, """{"protocol":"json","version":1}""");
        await SendAsync(socket, """{"type":1,"invocationId":"7","target":"Echo","arguments":["over epoll"]}""");

        var received = new StringBuilder();
        var buffer = new byte[1024];
        while (!received.ToString().Contains("\"result\"", StringComparison.Ordinal))
        {
            var result = await socket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(s_limit);
            received.Append(Encoding.UTF8.GetString(buffer, 0, result.Count));
        }

        Assert.Contains("""{"type":3,"invocationId":"7","result":"over epoll"}""", received.ToString(), StringComparison.Ordinal);
        await running.WaitForAsync(RunningApp.ServingLine);
    }

    [Fact]
    public async Task GenericHost_WithoutTheAspNetRuntime_EchoesOnEpoll()
    {
        var app = await AppFolder.CreateAsync(package, "worker", "generic");
        await app.DotnetAsync("add", "package", "Transport.Epoll");
        app.Replace("Program.cs", "builder.Services.AddHostedService<Worker>();", "builder.Services.AddEpollTransport();\nbuilder.Services.AddHostedService<Worker>();");
        app.Replace("Program.cs", "using ", "using Microsoft.Extensions.DependencyInjection;\nusing ");
        app.Write("Worker.cs", """
            using System.Net;
            using Microsoft.AspNetCore.Connections;

            namespace generic;

            public sealed class Worker(IEnumerable<IConnectionListenerFactory> factories) : BackgroundService
            {
                protected override async Task ExecuteAsync(CancellationToken stoppingToken)
                {
                    await using var listener = await factories.Last().BindAsync(new IPEndPoint(IPAddress.Loopback, 0), stoppingToken);
                    Console.WriteLine($"Listening on tcp://{listener.EndPoint}");
                    while (await listener.AcceptAsync(stoppingToken) is { } connection)
                    {
                        await connection.Transport.Input.CopyToAsync(connection.Transport.Output, stoppingToken);
                        await connection.Transport.Output.CompleteAsync();
                        await connection.DisposeAsync();
                    }
                }
            }
            """);
        await using var running = await RunningApp.StartAsync(app.Path, Command.Dotnet, "run");
        var address = await running.AddressAsync();
        using var client = new TcpClient(address.Host, address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync("over epoll"u8.ToArray());
        client.Client.Shutdown(SocketShutdown.Send);

        using var reader = new StreamReader(stream);
        Assert.Equal("over epoll", await reader.ReadToEndAsync().WaitAsync(s_limit));
        await running.WaitForAsync(RunningApp.ServingLine);
        var runtime = Directory.EnumerateFiles(app.Path, "*.runtimeconfig.json", SearchOption.AllDirectories).First();
        Assert.DoesNotContain("Microsoft.AspNetCore.App", await File.ReadAllTextAsync(runtime), StringComparison.Ordinal);
    }

    private static Task<RunningApp> RunAsync(AppFolder app) => RunningApp.StartAsync(app.Path, Command.Dotnet, "run", "--", "--urls", "http://127.0.0.1:0");

    private static Task SendAsync(ClientWebSocket socket, string message) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message + '\u001E'), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None).WaitAsync(s_limit);
}
