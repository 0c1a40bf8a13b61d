using Microsoft.Win32.SafeHandles;

namespace Transport.Epoll.Native;

/// <summary>
/// A descriptor that is closed once. A thread that does not own it takes it with <see cref="TryBorrow"/>: a close that
/// comes meanwhile waits for <see cref="Return"/>, so that the call can't reach a later file with the same number.
/// </summary>
/// <remarks>Any thread: the count of borrowers is <see cref="System.Runtime.InteropServices.SafeHandle"/>'s.</remarks>
internal sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    private readonly Kernel _kernel;

    public FileDescriptor(Kernel kernel, int number, bool owned = true)
        : base(owned)
    {
        _kernel = kernel;
        Number = number;
        SetHandle(number);
    }

    /// <summary>The kernel's number: for the owner, and for borrowers between take and return.</summary>
    public int Number { get; }

    public bool TryBorrow()
    {
        if (IsClosed)
        {
            return false;
        }

        bool borrowed = false;
        try
        {
            DangerousAddRef(ref borrowed);
        }
        catch (ObjectDisposedException)
        {
            // Closed between the check and the reference: the same answer as above.
        }

        return borrowed;
    }

    public void Return() => DangerousRelease();

    /// <summary>close(2) is never tried again: on Linux the descriptor is gone whatever it returned.</summary>
    protected override bool ReleaseHandle() => _kernel.Close(Number).IsOk;
}
