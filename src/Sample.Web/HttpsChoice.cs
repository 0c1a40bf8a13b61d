namespace Sample.Web;

/// <summary>Who speaks TLS on https endpoints.</summary>
internal enum HttpsChoice
{
    /// <summary>Kestrel's <c>UseHttps</c>.</summary>
    Kestrel,

    /// <summary><c>UseEpollHttps</c>, on any transport.</summary>
    Epoll,
}
