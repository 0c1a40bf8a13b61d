namespace Sample.Web.Tests.Support;

/// <summary>The values of <c>--transport</c>, for tests that hold for each.</summary>
public sealed class TransportNames : TheoryData<string>
{
    public TransportNames()
    {
        Add("epoll");
        Add("sockets");
        Add("sockets-inline");
    }
}
