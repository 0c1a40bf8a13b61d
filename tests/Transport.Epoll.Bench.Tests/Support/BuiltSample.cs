namespace Transport.Epoll.Bench.Tests.Support;

/// <summary>The sample as it was built with this project, in the same configuration.</summary>
internal static class BuiltSample
{
    public static string Path
    {
        get
        {
            var output = System.IO.Path.GetRelativePath(System.IO.Path.Combine(Repository.Root, "tests/Transport.Epoll.Bench.Tests"), AppContext.BaseDirectory);
            return System.IO.Path.Combine(Repository.Root, "src/Sample.Web", output, "Sample.Web.dll");
        }
    }
}
