namespace Sample.Web.Database;

/// <summary>A row of table <c>world</c>.</summary>
internal sealed class World
{
    public int Id { get; init; }

    public int RandomNumber { get; set; }
}

/// <summary>A row of table <c>fortune</c>.</summary>
internal sealed class Fortune
{
    public int Id { get; init; }

    public required string Message { get; init; }
}
