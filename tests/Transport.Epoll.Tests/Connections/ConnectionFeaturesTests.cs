using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Transport.Epoll.Connections;
using Transport.Epoll.Diagnostics;

namespace Transport.Epoll.Tests.Connections;

public class ConnectionFeaturesTests
{
    private static readonly Type[] Own =
    [
        typeof(IConnectionIdFeature), typeof(IConnectionTransportFeature), typeof(IConnectionItemsFeature), typeof(IMemoryPoolFeature),
        typeof(IConnectionLifetimeFeature), typeof(IConnectionEndPointFeature), typeof(IConnectionSocketFeature),
    ];

    [Fact]
    public async Task Get_OwnFeatures_AreTheConnection()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        IFeatureCollection features = harness.Connection.Features;

        Assert.All(Own, feature => Assert.Same(harness.Connection, features[feature]));
        Assert.Same(harness.Connection, features.Get<IConnectionIdFeature>());
        Assert.False(features.IsReadOnly);
    }

    /// <summary>The order in which <c>UseHttps</c> asks, and Kestrel's HTTP after it.</summary>
    [Fact]
    public async Task Get_PoolBetweenLookingForTlsAndSettingIt_HasBlocksOfARecord()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        ConnectionFeatures features = new(harness.Connection, harness.Connection.Facts, RecordBlocks.Instance);
        Assert.Same(harness.Connection, features.Get<IMemoryPoolFeature>());

        Assert.Null(features.Get<ITlsConnectionFeature>());
        using (var block = features.Get<IMemoryPoolFeature>()!.MemoryPool.Rent(4096))
        {
            Assert.Equal(16 * 1024, block.Memory.Length);
        }

        features.Set<ITlsConnectionFeature>(new NoCertificate());
        Assert.NotNull(features.Get<ITlsConnectionFeature>());
        Assert.Same(harness.Connection, features.Get<IMemoryPoolFeature>());
    }

    [Fact]
    public async Task Get_PoolWithoutBlocksOfARecord_IsAlwaysTheHosts()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();

        Assert.Null(harness.Connection.Features.Get<ITlsConnectionFeature>());
        Assert.Same(harness.Connection, harness.Connection.Features.Get<IMemoryPoolFeature>());
    }

    [Fact]
    public async Task Get_UnknownFeature_IsNull()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();

        Assert.Null(harness.Connection.Features.Get<ITlsConnectionFeature>());
        Assert.Null(harness.Connection.Features[typeof(string)]);
    }

    [Fact]
    public async Task Set_Null_HidesAnOwnFeature()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        IFeatureCollection features = harness.Connection.Features;

        features.Set<IConnectionSocketFeature>(null);

        Assert.Null(features.Get<IConnectionSocketFeature>());
        Assert.DoesNotContain(features, feature => feature.Key == typeof(IConnectionSocketFeature));
    }

    [Fact]
    public async Task Set_OwnFeatureTwice_TheLastOneCounts()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        IFeatureCollection features = harness.Connection.Features;
        Replacement last = new() { ConnectionId = "last" };

        features.Set<IConnectionIdFeature>(new Replacement());
        features.Set<IConnectionIdFeature>(last);

        Assert.Same(last, features.Get<IConnectionIdFeature>());
        Assert.Same(last, Assert.Single(features, feature => feature.Key == typeof(IConnectionIdFeature)).Value);
    }

    [Fact]
    public async Task GetEnumerator_OwnAndAdded_GivesEachOnce()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        IFeatureCollection features = harness.Connection.Features;
        features.Set("added");
        features.Set<Replacement>(null);

        Assert.Equal([.. Own, typeof(IEpollConnectionFeature), typeof(string)], features.Select(feature => feature.Key));
    }

    [Fact]
    public async Task Revision_EachChange_Rises()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();
        IFeatureCollection features = harness.Connection.Features;
        int before = features.Revision;

        features.Set("added");
        int added = features.Revision;
        features.Set<string>(null);
        _ = features.Get<string>();

        Assert.True(before < added && added < features.Revision);
    }

    [Fact]
    public async Task Indexer_NullKey_Throws()
    {
        await using ConnectionHarness harness = ConnectionHarness.Tcp();

        Assert.Throws<ArgumentNullException>(() => harness.Connection.Features[null!]);
        Assert.Throws<ArgumentNullException>(() => harness.Connection.Features[null!] = 1);
    }

    private sealed class Replacement : IConnectionIdFeature
    {
        public string ConnectionId { get; set; } = "first";
    }

    private sealed class NoCertificate : ITlsConnectionFeature
    {
        public System.Security.Cryptography.X509Certificates.X509Certificate2? ClientCertificate { get; set; }

        public Task<System.Security.Cryptography.X509Certificates.X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken)
            => Task.FromResult(ClientCertificate);
    }
}
