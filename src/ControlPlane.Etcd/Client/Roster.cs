using System.Collections.Immutable;
using ControlPlane.Store;

namespace ControlPlane.Etcd.Client;

/// <summary>What the servers on one etcd know of each other, beside the store's data. Immutable.</summary>
/// <param name="Leader">Null: nobody leads.</param>
/// <param name="Servers">Those with a living session, by name.</param>
/// <param name="Compacted">History up to here was given up by a leader.</param>
internal sealed record Roster(RosterEntry? Leader, ImmutableSortedDictionary<string, RosterEntry> Servers, Revision Compacted)
{
    public static readonly Roster Empty = new(null, ImmutableSortedDictionary.Create<string, RosterEntry>(StringComparer.Ordinal), Revision.Zero);
}

/// <param name="Text">The leader's name, or a server's address.</param>
/// <param name="Created">The revision that made the entry; for a leader this is its term, since no two are made in one revision.</param>
/// <param name="Lease">The session that keeps it.</param>
internal sealed record RosterEntry(string Text, Revision Created, LeaseId Lease);
