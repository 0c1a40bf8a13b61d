namespace Transport.Epoll.Tests.Support;

/// <summary>For tests that measure time, count what the whole process holds, or change what it shares.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class RunsAlone
{
    public const string Name = "Runs alone";
}
