using System.Runtime.CompilerServices;
using Transport.Epoll.Native;

namespace Transport.Epoll;

/// <summary>Whether epoll can be had here.</summary>
/// <remarks>
/// Any thread. Nothing that touches Tmds.LibC is loaded before <see cref="Probe"/>: on Windows and macOS the package has no such assembly.
/// </remarks>
internal static class EpollAvailability
{
    /// <summary>Why epoll can't be had; <see langword="null"/> if it can.</summary>
    public static string? FindObstacle()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "epoll exists on Linux only.";
        }

        try
        {
            return Probe();
        }
        catch (Exception exception) when (exception is FileNotFoundException or FileLoadException or BadImageFormatException
            or TypeLoadException or TypeInitializationException or MissingMethodException)
        {
            return $"Tmds.LibC can't be loaded: {(exception.InnerException ?? exception).Message}";
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string? Probe() => EpollProbe.FindObstacle(Kernel.Linux);
}
