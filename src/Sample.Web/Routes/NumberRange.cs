using System.Globalization;

namespace Sample.Web.Routes;

/// <summary>The whole numbers that a route takes.</summary>
internal sealed record NumberRange(string Name, long Min, long Max)
{
    /// <summary>How long a route may be asked to wait, block or compute.</summary>
    public static NumberRange Milliseconds { get; } = new("ms", 0, 60_000);

    /// <summary>A line that says what is allowed.</summary>
    public string Refusal => $"{Name} must be a whole number from {Min} to {Max}.\n";

    public bool TryParse(string text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= Min && value <= Max;

    /// <summary>Reads a number; on failure <paramref name="refusal"/> is the response: 400 and what is allowed.</summary>
    public bool TryParse(string text, out long value, out IResult refusal)
    {
        var allowed = TryParse(text, out value);
        refusal = allowed ? Results.Empty : Results.Text(Refusal, statusCode: StatusCodes.Status400BadRequest);
        return allowed;
    }
}
