namespace Transport.Epoll.Bench;

/// <summary>A small C program of the bench: compiled on first use, beside its source in the output folder. One caller at a time.</summary>
internal static class CProgram
{
    /// <param name="source">The source, as it lies in the output folder.</param>
    /// <param name="cancellation">Ends the compiler.</param>
    /// <param name="libraries">What it is linked with beside the C library, as switches.</param>
    /// <returns>The path of the program.</returns>
    public static async Task<string> BuildAsync(string source, CancellationToken cancellation, params string[] libraries)
    {
        var path = Path.Combine(AppContext.BaseDirectory, source);
        var program = Path.ChangeExtension(path, null);
        if (!File.Exists(program) || File.GetLastWriteTimeUtc(program) < File.GetLastWriteTimeUtc(path))
        {
            // Whoever runs the bench from the same folder at the same time must never start half a program.
            var made = $"{program}.{Environment.ProcessId}";
            await Tool.RunAsync("cc", ["-O2", "-Wall", "-pthread", "-o", made, path, "-lm", .. libraries], cancellation);
            File.Move(made, program, overwrite: true);
        }

        return program;
    }
}
