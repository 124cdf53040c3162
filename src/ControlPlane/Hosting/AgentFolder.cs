namespace ControlPlane.Hosting;

/// <summary>Keeps a second agent off a data folder. Two would both take the folder's pods for theirs and start each container twice.</summary>
internal static class AgentFolder
{
    /// <summary>Held until disposed or until the process ends, however it ends.</summary>
    /// <exception cref="CommandException">Another agent works in the folder, or it cannot be written to.</exception>
    public static IDisposable Take(string folder)
    {
        var path = Path.Combine(folder, "lock");
        try
        {
            Directory.CreateDirectory(folder);
            // FileShare.None is a lock of the kernel's, which lets go of it with the process.
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new CommandException($"another agent works in {folder}; stop it, or choose another folder with --data");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot use {folder} as the agent's folder: {refused.Message} Choose a folder this user may write to with --data.");
        }
    }
}
