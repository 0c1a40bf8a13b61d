using System.Text.Json.Serialization;
using Sample.Web.Dashboard;
using Sample.Web.Database;
using Sample.Web.Figures;
using Sample.Web.Routes;

namespace Sample.Web;

/// <summary>The serializers of everything that the sample answers as JSON, made at compile time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DashboardFigures))]
[JsonSerializable(typeof(JsonMessage))]
[JsonSerializable(typeof(ProcessFigures))]
[JsonSerializable(typeof(TrialState))]
[JsonSerializable(typeof(UploadResult))]
[JsonSerializable(typeof(World))]
[JsonSerializable(typeof(World[]))]
internal sealed partial class SampleJsonContext : JsonSerializerContext;
