using Microsoft.AspNetCore.Http;
using Transport.Epoll.Bench.Scenarios;
using Transport.Epoll.Bench.Tests.Support;

namespace Transport.Epoll.Bench.Tests.Scenarios;

/// <summary>What counts as a row of the table. The servers are in this process.</summary>
public sealed class DatabaseRowsTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);
    private static readonly Dictionary<int, int> s_world = Enumerable.Range(1, 10_000).ToDictionary(id => id, id => id + 7);

    [Theory]
    [InlineData("""{"id":3,"randomNumber":10}""", true)]
    [InlineData("""{"id":3,"randomNumber":11}""", false)]
    [InlineData("""{"id":10001,"randomNumber":10008}""", false)]
    [InlineData("""{"id": 3,"randomNumber":10}""", false)]
    [InlineData("""{"randomNumber":10,"id":3}""", false)]
    [InlineData("""{"id":"3","randomNumber":10}""", false)]
    [InlineData("3", false)]
    [InlineData("", false)]
    public void IsRow_Body_IsTheBytesOfItsId(string body, bool expected) => Assert.Equal(expected, DatabaseRows.IsRow(body, s_world));

    [Fact]
    public async Task RequireSame_RowsByChance_Passes() => await RequireSameAsync(context => WriteAsync(context, Random.Shared.Next(1, 10_001)));

    [Fact]
    public async Task RequireSame_AlwaysTheSameRow_IsRefused()
    {
        var refused = await Assert.ThrowsAsync<BenchException>(() => RequireSameAsync(context => WriteAsync(context, 3)));

        Assert.Contains("not a row by chance", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequireSame_NoRow_IsRefused()
    {
        var refused = await Assert.ThrowsAsync<BenchException>(() => RequireSameAsync(context => context.Response.WriteAsync("{}")));

        Assert.Contains("no row of the table", refused.Message, StringComparison.Ordinal);
    }

    private static Task WriteAsync(HttpContext context, int id) => context.Response.WriteAsync(FormattableString.Invariant($$"""{"id":{{id}},"randomNumber":{{s_world[id]}}}"""));

    private static async Task RequireSameAsync(RequestDelegate answer)
    {
        using var limit = new CancellationTokenSource(s_limit);
        await using var launcher = new InProcessLauncher(answer);
        await using var server = await launcher.StartAsync("server", limit.Token);
        await AnswerCheck.RequireSameAsync([server], DatabaseRows.Path, s_world, limit.Token);
    }
}
