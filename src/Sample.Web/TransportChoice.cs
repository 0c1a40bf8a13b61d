namespace Sample.Web;

/// <summary>The transports that the sample can be started with.</summary>
internal enum TransportChoice
{
    /// <summary>The epoll transport.</summary>
    Epoll,

    /// <summary>Kestrel's default transport.</summary>
    Sockets,

    /// <summary>Kestrel's default transport with the app on its polling threads, to compare with.</summary>
    SocketsInline,
}

/// <summary>The names of the transports on the command line and in the figures.</summary>
internal static class TransportChoiceNames
{
    /// <summary>The names in the order of the enum; the first is the default.</summary>
    public static readonly string[] All = ["epoll", "sockets", "sockets-inline"];

    public static string Name(this TransportChoice choice) => All[(int)choice];

    public static bool TryParse(string name, out TransportChoice choice)
    {
        var index = Array.FindIndex(All, n => n.Equals(name, StringComparison.OrdinalIgnoreCase));
        choice = (TransportChoice)Math.Max(index, 0);
        return index >= 0;
    }
}
