using System.ComponentModel.DataAnnotations;

namespace Sample.Web.Application.Issues;

/// <summary>What somebody enters, in the form or through the API.</summary>
public sealed class NewIssue
{
    public const int MaxTitle = 120;
    public const int MaxDetails = 4000;
    public const int MaxAuthor = 60;

    [Required(ErrorMessage = "The title is missing.")]
    [StringLength(MaxTitle, ErrorMessage = "The title has at most 120 characters.")]
    public string? Title { get; set; }

    [StringLength(MaxDetails, ErrorMessage = "The details have at most 4000 characters.")]
    public string? Details { get; set; }

    [Required(ErrorMessage = "Your name is missing.")]
    [StringLength(MaxAuthor, ErrorMessage = "Your name has at most 60 characters.")]
    public string? Author { get; set; }
}
