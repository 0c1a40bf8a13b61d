using Microsoft.AspNetCore.Http;
using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Tests.Support;

namespace Transport.Epoll.Bench.Tests.Scenarios;

/// <summary>That servers whose answers differ are not compared. The servers are in this process.</summary>
public sealed class AnswerCheckTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task RequireSame_SameAnswers_Passes() => await RequireSameAsync(Hello, Hello);

    [Fact]
    public async Task RequireSame_OtherBody_IsRefused() => await RequireRefusedAsync(context => context.Response.WriteAsync("Hello, World?"));

    [Fact]
    public async Task RequireSame_OtherStatus_IsRefused() => await RequireRefusedAsync(context =>
    {
        context.Response.StatusCode = StatusCodes.Status201Created;
        return Hello(context);
    });

    [Fact]
    public async Task RequireSame_AnotherHeader_IsRefused() => await RequireRefusedAsync(context =>
    {
        context.Response.Headers["X-Other"] = "1";
        return Hello(context);
    });

    /// <summary>Two that both miss the path do the same work, none.</summary>
    [Fact]
    public async Task RequireSame_BothFail_IsRefused()
    {
        var refused = await Assert.ThrowsAsync<BenchException>(() => RequireSameAsync(NotFound, NotFound));

        Assert.Contains("/plaintext: first does not do the work: HTTP/1.1 404", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/ws")]
    [InlineData("/meet")]
    public async Task RequireSame_LoadIsRefused_IsRefused(string path)
    {
        var refused = await Assert.ThrowsAsync<BenchException>(() => RequireSameAsync(NotFound, NotFound, path));

        Assert.Contains($"{path}: first does not do the work: ", refused.Message, StringComparison.Ordinal);
    }

    private static Task NotFound(HttpContext context)
    {
        if (context.Request.Path != "/")
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }

        return Task.CompletedTask;
    }

    private static Task Hello(HttpContext context) => context.Response.WriteAsync("Hello, World!");

    private static async Task RequireRefusedAsync(RequestDelegate other)
    {
        var refused = await Assert.ThrowsAsync<BenchException>(() => RequireSameAsync(Hello, other));

        Assert.Contains("first and second answer differently", refused.Message, StringComparison.Ordinal);
    }

    private static async Task RequireSameAsync(RequestDelegate first, RequestDelegate second, string path = "/plaintext")
    {
        using var limit = new CancellationTokenSource(s_limit);
        await using var firstLauncher = new InProcessLauncher(first);
        await using var secondLauncher = new InProcessLauncher(second);
        await using var one = await firstLauncher.StartAsync("first", limit.Token);
        await using var two = await secondLauncher.StartAsync("second", limit.Token);
        await AnswerCheck.RequireSameAsync([one, two], path, limit.Token);
    }
}
