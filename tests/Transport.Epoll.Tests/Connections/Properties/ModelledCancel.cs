namespace Transport.Epoll.Tests.Connections.Properties;

/// <summary>
/// The reference for the cancels of one end of a pipe: however many are asked for before a result, the next one says that it was cancelled, and no
/// other does.
/// </summary>
internal sealed class ModelledCancel(string operation)
{
    private bool _mayBeLate;

    /// <summary>Whether a result must say that it was cancelled: then it comes at once.</summary>
    public bool IsDue { get; private set; }

    /// <summary><paramref name="mayBeLate"/>: an operation is pending that may have come to its end by itself just before, so that it or the next one tells.</summary>
    public void Ask(bool mayBeLate)
    {
        IsDue = true;
        _mayBeLate = mayBeLate;
    }

    public void OnResult(bool isCanceled)
    {
        ContractBrokenException.Unless(
            isCanceled == IsDue || (_mayBeLate && !isCanceled),
            isCanceled ? $"{operation} was cancelled, and nobody had asked for it" : $"{operation} does not say that it was cancelled");
        IsDue &= !isCanceled;
        _mayBeLate = false;
    }
}
