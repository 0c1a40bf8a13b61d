using Microsoft.AspNetCore.SignalR;

namespace Sample.Web.Application.Live;

/// <summary>What open pages connect to. They listen only: changes come in through the forms and the API.</summary>
internal sealed class IssueHub : Hub;
