namespace Transport.Epoll.Bench.Servers;

/// <summary>The files that the sample serves from the disk: twenty, of 1 to 128 KiB, as a page and what belongs to it. One caller at a time.</summary>
internal static class SampleFiles
{
    private const int Count = 20;

    /// <summary>Made on first use.</summary>
    public static string FolderIn(string folder)
    {
        var files = Path.Combine(folder, "files");
        if (!Directory.Exists(files))
        {
            Directory.CreateDirectory(files);
            var random = new Random(Count); // the same bytes every time
            for (var i = 0; i < Count; i++)
            {
                var content = new byte[1024 << (i % 8)];
                random.NextBytes(content);
                File.WriteAllBytes(Path.Combine(files, $"{i}.bin"), content);
            }
        }

        return files;
    }
}
