using ControlPlane.Store;

namespace ControlPlane.Replica;

/// <summary>One member as its operator starts it.</summary>
public sealed record ReplicaOptions
{
    /// <summary>This member's name; one of <see cref="InitialCluster"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Where its log and snapshots live; made when it does not exist, refused when it belongs to another member or cluster.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The voters of a new cluster, this member included; the same list, in any order, at every member. Needed at the first start only; empty for a member
    /// that joins.</summary>
    public IReadOnlyList<PeerAddress> InitialCluster { get; init; } = [];

    /// <summary>Members of the cluster that this one was added to, whom it asks at its first start who it is. Not used when there is data.</summary>
    public IReadOnlyList<PeerAddress> Join { get; init; } = [];

    /// <summary>How long a member that joins goes on asking when nobody answers, or nobody knows yet that it was added.</summary>
    public TimeSpan JoinTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>host:port</c> to listen on for the other members. Null: the address of this member in <see cref="InitialCluster"/>. A cluster of one without it does not
    /// listen, and so cannot grow.</summary>
    public string? PeerListen { get; init; }

    /// <summary><c>host:port</c> that the other members dial, where that is not <see cref="PeerListen"/>: behind an address translation, or when it listens on every
    /// address of the machine. A member that joins is known by it.</summary>
    public string? PeerAdvertise { get; init; }

    /// <summary>Mutual TLS between members; null is plain TCP, for tests and loopback.</summary>
    public PeerTls? Tls { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>The unit of all other times. 50 ms: a heartbeat a tick costs each follower twenty small messages a second.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Silence of a leader before a follower stands for election is between this many ticks and twice as many; with 50 ms that is 0.5 to 1 s.</summary>
    public int ElectionTicks { get; init; } = 10;

    /// <summary>Whether a leader answers reads without asking the others while none of them can have elected another: a round trip less, at the price of
    /// trusting that no member's clock runs more than 5 % faster than another's. On for all members or for none; off unless you know your clocks.</summary>
    public bool LeaseReads { get; init; }

    /// <summary>How long a proposal or a read may wait for a quorum before it is answered "unknown" or "unavailable".</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A snapshot is taken after this many applied entries…</summary>
    public long SnapshotEntries { get; init; } = 100_000;

    /// <summary>…or this many applied bytes (or half as many as the last snapshot had, when that is more). What was applied since lies in memory and is repeated at a start.</summary>
    public long SnapshotBytes { get; init; } = 16 << 20;

    /// <summary>Entries kept before a snapshot, so that a follower that was away for a moment needs no snapshot.</summary>
    public int KeptEntries { get; init; } = 5_000;

    /// <summary>…but not more bytes than this: they lie in memory.</summary>
    public long KeptBytes { get; init; } = 8 << 20;

    /// <summary>What keys and values of the newest revision may have together, in bytes. Part of the state: set when this member leads, the same for all, so that
    /// members with different settings change it with the leader. Null leaves what is in force, at first 2 GiB.</summary>
    public long? QuotaBytes { get; init; }

    /// <summary>How long old revisions stay readable (and up to a tenth longer); null until history outgrows its bytes or somebody asks to compact.</summary>
    public TimeSpan? HistoryDuration { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>What old revisions may hold in memory on this member, by estimate; beyond it the oldest go before their time.</summary>
    public long HistoryBytes { get; init; } = StoreState.HistoryBytesMaxUsual;

    /// <summary>How often the members' states are compared.</summary>
    public TimeSpan CompareInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the leader writes down what long leases have left; the most that a restart or another leader can give a lease again.</summary>
    public TimeSpan LeaseCheckpointInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The <see cref="VersionLevel"/> that this member says it understands; for tests.</summary>
    internal int Level { get; init; } = VersionLevel.Current;

    /// <summary>One line for the operator now and then: a peer that cannot be reached, a disk that is full.</summary>
    public Action<string> Notice { get; init; } = static _ => { };

    /// <summary>What to do when the member can not go on: a sync failed, or a bug was found. The default ends the process at once, because whatever it would
    /// answer from now on might not be true after a restart.</summary>
    public Action<Exception> Fatal { get; init; } = static exception => Environment.FailFast(exception.Message, exception);
}

/// <param name="Name">The member's name.</param>
/// <param name="Address"><c>host:port</c> for the other members.</param>
public sealed record PeerAddress(string Name, string Address)
{
    /// <summary>Reads <c>s1=10.0.0.1:2380,s2=10.0.0.2:2380</c>.</summary>
    /// <exception cref="FormatException">Says which part is wrong.</exception>
    public static IReadOnlyList<PeerAddress> ParseList(string text)
    {
        var members = new List<PeerAddress>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=');
            if (equals <= 0) throw new FormatException($"'{part}' is not name=host:port");
            var member = new PeerAddress(part[..equals], part[(equals + 1)..]);
            SplitAddress(member.Address);
            if (members.Any(other => other.Name == member.Name)) throw new FormatException($"the name '{member.Name}' comes twice");
            members.Add(member);
        }

        return members.Count > 0 ? members : throw new FormatException("no member is named; give name=host:port, separated by commas");
    }

    /// <exception cref="FormatException">Says what is wrong.</exception>
    internal static void CheckName(string name)
    {
        if (name.Length is 0 or > 253 || name.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '.' or '_')))
        {
            throw new FormatException($"'{name}' is not a member's name: up to 253 letters, digits, '-', '.' and '_'");
        }
    }

    /// <exception cref="FormatException">Others cannot reach this.</exception>
    internal static void CheckReachable(string address)
    {
        SplitAddress(address);
        if (!IsReachable(address)) throw new FormatException($"'{address}' is not where others can reach a member; give its host and port");
    }

    internal static bool IsReachable(string address) =>
        TrySplit(address, out var host, out var port) && port != 0 && host is not ("0.0.0.0" or "::" or "*");

    internal static (string Host, int Port) SplitAddress(string address)
    {
        return TrySplit(address, out var host, out var port) ? (host, port) : throw new FormatException($"'{address}' is not host:port");
    }

    private static bool TrySplit(string address, out string host, out int port)
    {
        (host, port) = ("", 0);
        var colon = address.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(address.AsSpan(colon + 1), out port) || port is < 0 or > 65535) return false;
        host = address[..colon].Trim('[', ']');
        return true;
    }
}
