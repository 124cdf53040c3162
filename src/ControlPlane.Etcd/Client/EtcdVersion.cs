namespace ControlPlane.Etcd.Client;

/// <summary>What differs between versions of etcd and matters here.</summary>
internal static class EtcdVersion
{
    /// <summary>Older servers answer a progress request at once, past events that the watch has not delivered yet (etcd-io/etcd#15220); corrected in 3.4.25 and 3.5.8.</summary>
    public static bool TellsProgressInOrder(string version)
    {
        var dash = version.IndexOf('-');
        if (!Version.TryParse(dash < 0 ? version : version[..dash], out var parsed)) return false;
        return (parsed.Major, parsed.Minor) switch
        {
            (3, 4) => parsed.Build >= 25,
            (3, 5) => parsed.Build >= 8,
            var newer => newer.CompareTo((3, 5)) > 0,
        };
    }
}
