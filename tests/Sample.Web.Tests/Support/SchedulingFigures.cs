using System.Text.Json;

namespace Sample.Web.Tests.Support;

/// <summary>What <c>/info</c> says of the Auto mode.</summary>
internal sealed record SchedulingFigures(long TakeOvers, long MovesToPool, long MovesToLoop, long StandbyLoans)
{
    public static async Task<SchedulingFigures> ReadAsync(HttpClient client)
    {
        using var info = JsonDocument.Parse(await client.GetStringAsync(new Uri("/info", UriKind.Relative)).WithTimeout(Deadline.Long));
        var auto = info.RootElement.GetProperty("auto");
        long Value(string name) => auto.GetProperty(name).GetInt64();
        return new SchedulingFigures(Value("takeOvers"), Value("movesToPool"), Value("movesToLoop"), Value("standbyLoans"));
    }
}
