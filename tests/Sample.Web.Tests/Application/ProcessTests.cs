using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Sample.Web.Tests.Support;

namespace Sample.Web.Tests.Application;

/// <summary>The application as a process among others, with the database in a file.</summary>
public class ProcessTests
{
    /// <summary>What only the application needs, or <c>/metrics</c>: in the process's memory map (proc(5)) as soon as it is loaded.</summary>
    private static readonly string[] s_parts =
        ["Microsoft.EntityFrameworkCore", "Microsoft.AspNetCore.SignalR", "Microsoft.AspNetCore.Mvc.Razor", "Microsoft.Data.Sqlite", "StackExchange.Redis", "MySqlConnector", "MySql.Data", "e_sqlite3", "OpenTelemetry"];

    [Fact]
    public async Task Server_AskedForItsOwnRoutesOnly_LoadsNothingOfTheApplication()
    {
        using var folder = new ScratchFolder();
        await using var sample = await SampleProcess.StartAsync("--ConnectionStrings:Sqlite", $"Data Source={folder.File("sample.db")}");
        using var client = sample.CreateClient();

        foreach (var path in (string[])["/plaintext", "/json", "/info", "/loops", "/delay/1", "/favicon.ico"])
        {
            using var response = await client.GetAsync(new Uri(path, UriKind.Relative)).WithTimeout(Deadline.Short);
            Assert.True(response.IsSuccessStatusCode || path == "/favicon.ico", $"{path}: {response.StatusCode}");
        }

        Assert.Empty(Loaded(sample.Id));
        Assert.False(File.Exists(folder.File("sample.db")));

        await client.GetStringAsync(new Uri("/", UriKind.Relative)).WithTimeout(Deadline.Long);
        Assert.Contains("Microsoft.EntityFrameworkCore", Loaded(sample.Id)); // the test sees what it looks for
        Assert.True(File.Exists(folder.File("sample.db")));
    }

    [Fact]
    public async Task TwoProcesses_StartedInOneFolder_BothServeTheSameList()
    {
        using var folder = new ScratchFolder();
        string[] arguments = ["--ConnectionStrings:Sqlite", $"Data Source={folder.File("sample.db")}"];
        await using var one = await SampleProcess.StartAsync(arguments);
        await using var two = await SampleProcess.StartAsync(arguments);
        using var clientOfOne = one.CreateClient();
        using var clientOfTwo = two.CreateClient();

        // The first request of either makes the tables: both at once.
        var added = await Task.WhenAll(IssueForm.PostAsync(clientOfOne, "one"), IssueForm.PostAsync(clientOfTwo, "two")).WithTimeout(Deadline.Long);

        Assert.Equal(added.Order(), (await IssueForm.AllAsync(clientOfOne)).Order());
        Assert.Equal(added.Order(), (await IssueForm.AllAsync(clientOfTwo)).Order());
    }

    [Fact]
    public async Task Start_AfterOneThatWasKilledWhileItMadeTheTables_GoesOn()
    {
        using var folder = new ScratchFolder();
        var connectionString = $"Data Source={folder.File("sample.db")}";
        await using (var connection = new SqliteConnection(connectionString))
        {
            // What EF Core leaves behind then; it would wait for the row to go, for ever.
            await connection.OpenAsync().WithTimeout(Deadline.Short);
            await using var command = connection.CreateCommand();
            command.CommandText = """
                CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL CONSTRAINT "PK___EFMigrationsLock" PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-01-01 00:00:00');
                """;
            await command.ExecuteNonQueryAsync().WithTimeout(Deadline.Short);
        }

        await using var sample = await SampleProcess.StartAsync("--ConnectionStrings:Sqlite", connectionString);
        using var client = sample.CreateClient();

        await IssueForm.PostAsync(client, "first");
    }

    [Fact]
    public async Task Process_KilledWhileItTakesIssues_LosesNoneThatItAccepted()
    {
        using var folder = new ScratchFolder();
        string[] arguments = ["--ConnectionStrings:Sqlite", $"Data Source={folder.File("sample.db")}"];
        var accepted = new ConcurrentBag<int>();
        await using (var sample = await SampleProcess.StartAsync(arguments))
        {
            using var client = sample.CreateClient();
            await IssueForm.PostAsync(client, "warm");
            var posting = Enumerable.Range(0, 8).Select(_ => PostUntilItEndsAsync(client, accepted)).ToList();
            await Deadline.UntilAsync(() => accepted.Count >= 50, "fifty issues accepted", Deadline.Long);
            Process.GetProcessById(sample.Id).Kill();
            await Task.WhenAll(posting).WithTimeout(Deadline.Long);
        }

        await using var again = await SampleProcess.StartAsync(arguments);
        using var clientOfNext = again.CreateClient();

        Assert.Empty(accepted.Except(await IssueForm.AllAsync(clientOfNext)));
    }

    private static async Task PostUntilItEndsAsync(HttpClient client, ConcurrentBag<int> accepted)
    {
        try
        {
            while (true)
            {
                accepted.Add(await IssueForm.PostAsync(client, "kept"));
            }
        }
        catch (HttpRequestException)
        {
            // The process is gone.
        }
    }

    private static List<string> Loaded(int process)
    {
        var map = File.ReadAllText($"/proc/{process}/maps");
        return [.. s_parts.Where(part => map.Contains(part, StringComparison.Ordinal))];
    }
}
