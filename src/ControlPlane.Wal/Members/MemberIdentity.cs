namespace ControlPlane.Wal.Members;

/// <summary>Whose data this is. Written once; a member whose data was wiped or mixed up is found out by it.</summary>
/// <param name="ClusterId">Chosen when the cluster was made.</param>
/// <param name="MemberId">Never 0, never used twice in a cluster.</param>
/// <param name="Name">The operator's name for the member.</param>
public sealed record MemberIdentity(Guid ClusterId, ulong MemberId, string Name)
{
    /// <summary>Drawn when the data directory was made, so that a new directory under an old name is noticed; 0 in directories older than this number.</summary>
    public ulong DiskId { get; init; }
}
