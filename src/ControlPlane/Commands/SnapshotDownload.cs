using ControlPlane.Replica.Offline;

namespace ControlPlane.Commands;

/// <summary>Fetches a snapshot into a file: beside its place, checked, synced, and then renamed, so that the file is whole or was never there.</summary>
internal static class SnapshotDownload
{
    /// <exception cref="CommandException">It did not arrive whole, or cannot be written; what was there before is untouched.</exception>
    public static async Task<SnapshotReport> SaveAsync(Cluster cluster, Terminal terminal, string path, CancellationToken cancellationToken)
    {
        var full = Path.GetFullPath(path);
        var beside = full + ".part";
        try
        {
            await SlowWork.ShowAsync(terminal, "saving", FetchAsync(cluster, beside, cancellationToken));
            return SnapshotFile.Admit(beside, full);
        }
        catch (InvalidDataException cut)
        {
            throw new CommandException($"what the server sent is not whole; try again: {cut.Message}");
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new CommandException($"cannot write {path}: {refused.Message}");
        }
        catch (DirectoryNotFoundException missing)
        {
            throw new CommandException($"cannot write {path}: {missing.Message}");
        }
        finally
        {
            File.Delete(beside);
        }
    }

    private static async Task<long> FetchAsync(Cluster cluster, string path, CancellationToken cancellationToken)
    {
        // Secrets are in it: for its owner's eyes only, from the first byte on.
        await using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        using var response = await cluster.Connection.SendAsync(HttpMethod.Get, MemberCalls.Root + "snapshot", accept: "application/octet-stream", cancellationToken: cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await body.CopyToAsync(file, cancellationToken);
        file.Flush(flushToDisk: true);
        return file.Length;
    }
}
