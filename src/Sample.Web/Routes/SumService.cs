using System.Globalization;
using Grpc.Core;

namespace Sample.Web.Routes;

/// <summary>gRPC: sums, once or many times.</summary>
internal sealed class SumService : Sums.SumsBase
{
    private const int MaxCount = 100_000;

    public override Task<SumReply> Add(SumRequest request, ServerCallContext context) => Task.FromResult(Sum(request));

    public override async Task AddStream(SumRequest request, IServerStreamWriter<SumReply> responseStream, ServerCallContext context)
    {
        if (request.Count is < 0 or > MaxCount)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, string.Create(CultureInfo.InvariantCulture, $"count must be a whole number from 0 to {MaxCount}.")));
        }

        var reply = Sum(request);
        for (var i = 0; i < request.Count; i++)
        {
            await responseStream.WriteAsync(reply, context.CancellationToken);
        }
    }

    private static SumReply Sum(SumRequest request) => new() { Result = unchecked(request.A + request.B) };
}

/// <summary>Maps the service if the configuration says <c>Sample:Grpc</c>: an app without gRPC does not pay for it.</summary>
internal static class SumServiceExtensions
{
    private const string Key = "Sample:Grpc";

    public static void AddSums(this IServiceCollection services, IConfiguration configuration)
    {
        if (configuration.GetValue<bool>(Key))
        {
            services.AddGrpc();
        }
    }

    public static void MapSums(this WebApplication app)
    {
        if (app.Configuration.GetValue<bool>(Key))
        {
            app.MapGrpcService<SumService>();
        }
    }
}
