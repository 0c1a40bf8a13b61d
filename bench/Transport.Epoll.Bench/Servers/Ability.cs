namespace Transport.Epoll.Bench.Servers;

/// <summary>What a scenario asks of a server. A contender that lacks it is left out, by name.</summary>
[Flags]
internal enum Ability
{
    /// <summary><c>/plaintext</c> on keep-alive connections, several requests in flight on one included.</summary>
    Plaintext = 0,

    Json = 1,

    /// <summary>Answers <c>Connection: close</c> with the same, and closes.</summary>
    Close = 2,

    Http2 = 4,

    Tls = 8,

    Download = 16,

    Upload = 32,

    WebSocket = 64,

    /// <summary><c>/delay</c>, <c>/block</c> and <c>/spin</c>.</summary>
    Timing = 128,

    /// <summary><c>/info</c>: allocated bytes, heap, forced collections.</summary>
    Info = 256,

    /// <summary>Serves others while a handler waits: for its own body (<c>/upload/blocking</c>), its own server (<c>/self/blocking</c>), another connection's handler (<c>/meet</c>).</summary>
    SyncOverAsync = 512,

    /// <summary>A unix socket beside the port.</summary>
    UnixSocket = 1024,

    /// <summary><c>/db</c> and <c>/fortunes</c>, from the tables of <see cref="MariaDb"/>.</summary>
    Database = 2048,

    /// <summary>Files from the disk and gRPC, see <see cref="ServerSettings.Extras"/>.</summary>
    Extras = 4096,

    /// <summary>What an HTTP server without an application can do.</summary>
    Static = Json | Close | Http2 | Tls | Download,

    /// <summary>All that the sample can do on any transport.</summary>
    Sample = Static | Upload | WebSocket | Timing | Info,
}
