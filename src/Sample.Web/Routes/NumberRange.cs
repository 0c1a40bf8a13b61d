using System.Globalization;

namespace Sample.Web.Routes;

/// <summary>The whole numbers that a route takes; anything else is answered with 400 and the range.</summary>
internal sealed record NumberRange(string Name, long Min, long Max)
{
    /// <summary>Reads a number; on failure <paramref name="refusal"/> says what is allowed, in a line.</summary>
    public bool TryRead(string text, out long value, out string refusal)
    {
        var allowed = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= Min && value <= Max;
        refusal = allowed ? "" : $"{Name} must be a whole number from {Min} to {Max}.\n";
        return allowed;
    }

    /// <summary>Reads a number; on failure <paramref name="refusal"/> is the response.</summary>
    public bool TryParse(string text, out long value, out IResult refusal)
    {
        var allowed = TryRead(text, out value, out var line);
        refusal = allowed ? Results.Empty : Results.Text(line, statusCode: StatusCodes.Status400BadRequest);
        return allowed;
    }
}
