using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Transport.Epoll.Bench.Servers;

/// <summary>One self-signed certificate for all servers of a run, so that their handshakes cost the same. One caller at a time.</summary>
internal static class ServerCertificate
{
    private static volatile string? s_hash;

    /// <summary>The certificate and its key as PEM files, made on first use.</summary>
    public static (string Certificate, string Key) Files(string folder)
    {
        var (certificate, key) = (Path.Combine(folder, "certificate.pem"), Path.Combine(folder, "key.pem"));
        if (!File.Exists(key))
        {
            using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=localhost", pair, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(7));
            s_hash = made.GetCertHashString(HashAlgorithmName.SHA256);
            File.WriteAllText(certificate, made.ExportCertificatePem());
            File.WriteAllText(key, pair.ExportPkcs8PrivateKeyPem());
        }

        return (certificate, key);
    }

    /// <summary>Whether a server showed this certificate: what clients check instead of a chain. Any thread.</summary>
    public static bool IsOurs(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate?.GetCertHashString(HashAlgorithmName.SHA256) == s_hash;
}
