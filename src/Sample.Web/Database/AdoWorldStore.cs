using System.Data.Common;
using System.Globalization;
using System.Text;

namespace Sample.Web.Database;

/// <summary>The database's own driver, with the same statements for either database. Any thread.</summary>
internal sealed class AdoWorldStore(DbDataSource source) : IWorldStore
{
    private const string Select = "SELECT id, randomNumber FROM world WHERE id = @id";

    public async Task<World> ReadAsync(int id, CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = Select;
        Add(command, "@id", id);
        return await ReadOneAsync(command, cancellation);
    }

    public async Task<World[]> ReadAsync(int[] ids, CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        return await ReadAsync(connection, ids, cancellation);
    }

    public async Task<World[]> UpdateAsync(int[] ids, int[] numbers, CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        var worlds = await ReadAsync(connection, ids, cancellation);
        await using var command = connection.CreateCommand();
        var text = new StringBuilder("UPDATE world SET randomNumber = CASE id");
        for (var i = 0; i < worlds.Length; i++)
        {
            worlds[i].RandomNumber = numbers[i];
            text.Append(CultureInfo.InvariantCulture, $" WHEN @i{i} THEN @n{i}");
            Add(command, $"@i{i}", worlds[i].Id);
            Add(command, $"@n{i}", numbers[i]);
        }

        command.CommandText = text.Append(" END WHERE id IN (").AppendJoin(", ", Enumerable.Range(0, worlds.Length).Select(i => $"@i{i}")).Append(')').ToString();
        await command.ExecuteNonQueryAsync(cancellation);
        return worlds;
    }

    public async Task<List<Fortune>> ReadFortunesAsync(CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT id, message FROM fortune";
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var fortunes = new List<Fortune>(16);
        while (await rows.ReadAsync(cancellation))
        {
            fortunes.Add(new Fortune { Id = rows.GetInt32(0), Message = rows.GetString(1) });
        }

        return fortunes;
    }

    private static async Task<World[]> ReadAsync(DbConnection connection, int[] ids, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = Select;
        var id = Add(command, "@id", 0);
        var worlds = new World[ids.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            id.Value = ids[i];
            worlds[i] = await ReadOneAsync(command, cancellation);
        }

        return worlds;
    }

    private static async Task<World> ReadOneAsync(DbCommand command, CancellationToken cancellation)
    {
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        return await rows.ReadAsync(cancellation)
            ? new World { Id = rows.GetInt32(0), RandomNumber = rows.GetInt32(1) }
            : throw new InvalidOperationException("Table world lacks rows; scripts/world-and-fortunes.sql writes them.");
    }

    private static DbParameter Add(DbCommand command, string name, int value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
        return parameter;
    }
}
