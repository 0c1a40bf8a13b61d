using System.Globalization;

namespace Sample.Web.Tests.Faults;

/// <summary>How much the tests of faults do: little by default, as much as the environment says otherwise.</summary>
internal static class FaultSettings
{
    /// <summary>FAULT_EXCHANGES: exchanges of each client under each fault. From 1; the default is 6.</summary>
    public static int Exchanges { get; } = Read("FAULT_EXCHANGES", 6);

    /// <summary>FAULT_ROUNDS: how often each fault is tried. From 1; the default is 1.</summary>
    public static int Rounds { get; } = Read("FAULT_ROUNDS", 1);

    /// <summary>FAULT_EACH_CALL: 1 has each call fail by itself too, not only all of them together. The default is 0.</summary>
    public static bool EachCall { get; } = Read("FAULT_EACH_CALL", 0) != 0;

    /// <summary>FAULT_ERRORS: the errors to inject, separated by commas. The default is all of them.</summary>
    public static string[] Errors { get; } = (Environment.GetEnvironmentVariable("FAULT_ERRORS") ?? "EINTR,ENOBUFS,ENOMEM,ECONNRESET,ECONNABORTED,EMFILE").Split(',');

    /// <summary>FAULT_TRANSPORT: a value of --transport, to see what another transport makes of the same faults. The default is epoll.</summary>
    public static string Transport { get; } = Environment.GetEnvironmentVariable("FAULT_TRANSPORT") ?? "epoll";

    private static int Read(string variable, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
