namespace Transport.Epoll.Native;

/// <summary>The event bits of epoll_ctl(2), under their kernel names without the prefix.</summary>
[Flags]
internal enum EpollEvents : uint
{
    None = 0,
    In = 0x001,
    Pri = 0x002,
    Out = 0x004,
    Err = 0x008,
    Hup = 0x010,
    RdHup = 0x2000,
    OneShot = 1u << 30,
    EdgeTriggered = 1u << 31,
}

/// <summary>One event as epoll_wait(2) returned it: what happened, and the token of the handler.</summary>
internal readonly record struct EpollEvent(EpollEvents Events, ulong Token);
