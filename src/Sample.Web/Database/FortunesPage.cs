using System.Globalization;
using System.Net;
using System.Text;

namespace Sample.Web.Database;

/// <summary>The page of <c>/fortunes</c>: sorted, with one more row, everything escaped.</summary>
internal static class FortunesPage
{
    private const string Added = "Additional fortune added at request time.";

    public static byte[] Write(List<Fortune> fortunes)
    {
        fortunes.Add(new Fortune { Id = 0, Message = Added });
        fortunes.Sort(static (left, right) => string.CompareOrdinal(left.Message, right.Message));

        var page = new StringBuilder("<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table><tr><th>id</th><th>message</th></tr>", 2048);
        foreach (var fortune in fortunes)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{fortune.Id}</td><td>").Append(WebUtility.HtmlEncode(fortune.Message)).Append("</td></tr>");
        }

        return Encoding.UTF8.GetBytes(page.Append("</table></body></html>").ToString());
    }
}
