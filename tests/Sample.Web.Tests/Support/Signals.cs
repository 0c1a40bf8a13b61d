using System.Runtime.InteropServices;

namespace Sample.Web.Tests.Support;

/// <summary>Signals to a process (signal(7), the numbers of x86 and arm64).</summary>
internal static class Signals
{
    private const int SigInt = 2;
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    public static void Interrupt(int process) => _ = Kill(process, SigInt);

    public static void Kill(int process) => _ = Kill(process, SigKill);

    public static void Terminate(int process) => _ = Kill(process, SigTerm);

    public static void Stop(int process) => _ = Kill(process, SigStop);

    public static void Continue(int process) => _ = Kill(process, SigCont);

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
