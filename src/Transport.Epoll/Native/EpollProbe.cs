namespace Transport.Epoll.Native;

/// <summary>Tries once what every loop needs: an epoll instance, an eventfd, and a wake-up from the one through the other.</summary>
/// <remarks>Any thread: no state. A sandbox (seccomp(2), a security module) may deny each of the calls by itself.</remarks>
internal static class EpollProbe
{
    private const ulong Token = 1;

    /// <summary>What is refused, and why; <see langword="null"/> if nothing is.</summary>
    public static string? FindObstacle(Kernel kernel)
    {
        SysResult epoll = kernel.EpollCreate();
        if (!epoll.IsOk)
        {
            return Refused("epoll_create1", epoll);
        }

        try
        {
            return FindObstacle(kernel, epoll.Value);
        }
        finally
        {
            kernel.Close(epoll.Value);
        }
    }

    private static string? FindObstacle(Kernel kernel, int epoll)
    {
        SysResult wakeUp = kernel.EventFdCreate();
        if (!wakeUp.IsOk)
        {
            return Refused("eventfd2", wakeUp);
        }

        try
        {
            return Add(kernel, epoll, wakeUp.Value) ?? Signal(kernel, wakeUp.Value) ?? Wait(kernel, epoll);
        }
        finally
        {
            kernel.Close(wakeUp.Value);
        }
    }

    private static string? Add(Kernel kernel, int epoll, int wakeUp)
    {
        SysResult added = Retried(() => kernel.EpollAdd(epoll, wakeUp, EpollEvents.In | EpollEvents.EdgeTriggered, Token));
        return added.IsOk ? null : Refused("epoll_ctl", added);
    }

    private static string? Signal(Kernel kernel, int wakeUp)
    {
        SysResult signalled = Retried(() => kernel.EventFdSignal(wakeUp));
        return signalled.IsOk ? null : Refused("a write to an eventfd", signalled);
    }

    /// <summary>The event is there already, so nothing is waited for.</summary>
    private static string? Wait(Kernel kernel, int epoll)
    {
        EpollEvent[] events = new EpollEvent[1];
        SysResult waited = Retried(() => kernel.EpollWait(epoll, events, timeoutMilliseconds: 0));
        if (!waited.IsOk)
        {
            return Refused("epoll_wait", waited);
        }

        return waited.Value == 1 && events[0] is { Token: Token } && events[0].Events.HasFlag(EpollEvents.In)
            ? null
            : "a write to an eventfd did not show in epoll_wait.";
    }

    private static SysResult Retried(Func<SysResult> call)
    {
        SysResult result;
        do
        {
            result = call();
        }
        while (result.IsInterrupted);

        return result;
    }

    private static string Refused(string call, SysResult result) => $"the system refuses {call}: {result.Message}.";
}
