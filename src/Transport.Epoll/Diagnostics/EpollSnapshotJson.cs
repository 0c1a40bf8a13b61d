using System.Text.Json.Serialization;

namespace Transport.Epoll.Diagnostics;

/// <summary>Writes an <see cref="EpollSnapshot"/> as JSON without reflection, names in camel case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(EpollSnapshot))]
internal sealed partial class EpollSnapshotJson : JsonSerializerContext;
