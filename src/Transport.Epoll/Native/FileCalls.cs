using System.Text;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Transport.Epoll.Native;

/// <summary>The system calls that take a path, one overridable member each; the rest of them is in <see cref="Kernel"/>.</summary>
/// <remarks>Any thread: no state.</remarks>
internal abstract unsafe class FileCalls
{
    /// <summary>Which file a path names: the file itself, never one that a link in its place points to (lstat(2)).</summary>
    public virtual SysResult FileIdentity(string path, out FileIdentity identity)
    {
        stat status;
        fixed (byte* pointer = ZeroTerminated(path))
        {
            return Identity(SysResult.From(lstat(pointer, &status)), status, out identity);
        }
    }

    /// <summary>Which file an open descriptor is of (fstat(2)).</summary>
    public virtual SysResult FileIdentity(int descriptor, out FileIdentity identity)
    {
        stat status;
        return Identity(SysResult.From(fstat(descriptor, &status)), status, out identity);
    }

    /// <summary>Opens a directory, to lock it.</summary>
    public virtual SysResult OpenDirectory(string path)
    {
        fixed (byte* pointer = ZeroTerminated(path))
        {
            return SysResult.From(open(pointer, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        }
    }

    /// <summary>Locks an open file or directory against others who do the same; would-block if one of them has it (flock(2)).</summary>
    public virtual SysResult TryLock(int descriptor) => FileLock.Call(descriptor, FileLock.ExclusiveNonBlocking);

    /// <summary>Gives a lock back, also for copies of the descriptor that a child process has until its exec (flock(2)).</summary>
    public virtual SysResult Unlock(int descriptor) => FileLock.Call(descriptor, FileLock.Release);

    public virtual SysResult Unlink(string path)
    {
        fixed (byte* pointer = ZeroTerminated(path))
        {
            return SysResult.From(unlink(pointer));
        }
    }

    /// <summary>Sets a file's permissions, of the file itself, never of one that a link in its place points to (fchmodat(2)).</summary>
    public virtual SysResult ChangeMode(string path, UnixFileMode mode)
    {
        fixed (byte* pointer = ZeroTerminated(path))
        {
            return SysResult.From(fchmodat(AT_FDCWD, pointer, (mode_t)(uint)mode, AT_SYMLINK_NOFOLLOW));
        }
    }

    /// <summary>Sets a file's user and group, of the file itself as above (lchown(2)); −1 leaves one as it is.</summary>
    public virtual SysResult ChangeOwner(string path, int user, int group)
    {
        fixed (byte* pointer = ZeroTerminated(path))
        {
            return SysResult.From(lchown(pointer, (uid_t)(uint)user, (gid_t)(uint)group));
        }
    }

    /// <summary>Reads the beginning of a small file: open(2), one read(2), close(2).</summary>
    public virtual SysResult ReadFile(ReadOnlySpan<byte> zeroTerminatedPath, Span<byte> buffer)
    {
        fixed (byte* path = zeroTerminatedPath, pointer = buffer)
        {
            SysResult file = SysResult.From(open(path, O_RDONLY | O_CLOEXEC));
            if (!file.IsOk)
            {
                return file;
            }

            SysResult result = SysResult.From(read(file.Value, pointer, buffer.Length));
            _ = close(file.Value);
            return result;
        }
    }

    private static SysResult Identity(SysResult result, in stat status, out FileIdentity identity)
    {
        identity = result.IsOk
            ? new FileIdentity(status.st_dev, status.st_ino, ((ushort)status.st_mode & (ushort)S_IFMT) == (ushort)S_IFSOCK)
            : default;
        return result;
    }

    private static byte[] ZeroTerminated(string path) => Encoding.UTF8.GetBytes(path + '\0');
}

/// <summary>Which file a path names: device and inode (stat(2)), and whether it is a socket.</summary>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, bool IsSocket);
