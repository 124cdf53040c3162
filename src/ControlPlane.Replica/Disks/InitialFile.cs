using ControlPlane.Raft.Membership;
using ControlPlane.Replica.Codecs;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Replica.Disks;

/// <summary>The configuration that a member began with, for starts before its log or a snapshot holds a newer one.</summary>
internal static class InitialFile
{
    private const string FileName = "initial";

    public static Configuration? Read(IStorageDirectory directory) =>
        CheckedFile.Read(directory, FileName) is { } bytes ? EntryCodec.DecodeConfiguration(bytes) : null;

    public static void Write(IStorageDirectory directory, Configuration initial) => CheckedFile.Write(directory, FileName, EntryCodec.Encode(initial));
}
