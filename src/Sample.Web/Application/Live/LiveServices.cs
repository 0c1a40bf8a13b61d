using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis;
using Sample.Web.Application.Issues;
using StackExchange.Redis;

namespace Sample.Web.Application.Live;

/// <summary>The connection to Redis, if there is one. Any thread.</summary>
internal sealed class Backplane
{
    private volatile ConnectionMultiplexer? _connection;

    /// <summary>Null without Redis, or before the first page has connected; otherwise whether messages pass.</summary>
    public bool? IsConnected => _connection?.IsConnected;

    /// <summary>Goes on trying by itself, now and whenever the connection is lost.</summary>
    public async Task<IConnectionMultiplexer> ConnectAsync(ConfigurationOptions options, TextWriter log)
    {
        var connection = await ConnectionMultiplexer.ConnectAsync(options, log);
        _connection = connection;
        return connection;
    }
}

/// <summary>SignalR, and Redis between several processes.</summary>
internal static class LiveServices
{
    public static void AddLiveUpdates(this IServiceCollection services, string? redis)
    {
        var signalR = services.AddSignalR().AddJsonProtocol(json =>
            json.PayloadSerializerOptions.Converters.Add(new JsonStringEnumConverter<IssueState>(JsonNamingPolicy.CamelCase)));
        services.AddSingleton<LiveChannel>();
        services.AddSingleton<Backplane>();
        if (string.IsNullOrEmpty(redis))
        {
            return;
        }

        signalR.AddStackExchangeRedis();
        services.AddOptions<RedisOptions>().Configure<Backplane>((options, backplane) =>
        {
            options.Configuration = ConfigurationOptions.Parse(redis);
            options.Configuration.AbortOnConnectFail = false;
            options.Configuration.ChannelPrefix = RedisChannel.Literal("sample");

            // A message that waits for Redis holds up whoever sends it; pages look at the list by themselves.
            options.Configuration.BacklogPolicy = BacklogPolicy.FailFast;
            options.ConnectionFactory = log => backplane.ConnectAsync(options.Configuration, log);
        });
    }
}
