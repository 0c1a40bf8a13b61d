using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Transport.Epoll.Bench.Servers;
using Transport.Epoll.Bench.Tests.Support;

namespace Transport.Epoll.Bench.Tests.Servers;

/// <summary>The certificates that servers show. One thread.</summary>
public sealed class ServerCertificateTests
{
    [Fact]
    public void Files_KindsOfKeys_AreBothOursAndMadeOnce()
    {
        var folder = Directory.CreateTempSubdirectory("transport-epoll-bench-test-");
        try
        {
            var settings = InProcessLauncher.Settings with { Folder = folder.FullName };
            var ecdsa = ServerCertificate.Files(settings);
            var rsa = ServerCertificate.Files(settings with { Rsa = true });

            using var first = X509Certificate2.CreateFromPemFile(ecdsa.Certificate, ecdsa.Key);
            using var second = X509Certificate2.CreateFromPemFile(rsa.Certificate, rsa.Key);
            Assert.Equal("1.2.840.10045.2.1", first.GetKeyAlgorithm());
            Assert.Equal(2048, second.GetRSAPublicKey()?.KeySize);
            Assert.True(ServerCertificate.IsOurs(this, first, null, SslPolicyErrors.RemoteCertificateChainErrors));
            Assert.True(ServerCertificate.IsOurs(this, second, null, SslPolicyErrors.RemoteCertificateChainErrors));
            Assert.Equal(ecdsa, ServerCertificate.Files(settings));
            using var again = X509Certificate2.CreateFromPemFile(ecdsa.Certificate, ecdsa.Key);
            Assert.Equal(first.Thumbprint, again.Thumbprint);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void IsOurs_AnotherOne_IsNot()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));

        Assert.False(ServerCertificate.IsOurs(this, other, null, SslPolicyErrors.RemoteCertificateChainErrors));
    }
}
