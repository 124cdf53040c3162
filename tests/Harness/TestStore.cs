namespace ControlPlane.Harness;

/// <summary>What the servers under test keep everything in.</summary>
public static class TestStore
{
    /// <summary><c>CONTROLPLANE_TEST_STORE=etcd dotnet test …</c> gives each of them a real etcd instead of a log of their own.</summary>
    public static bool IsEtcd { get; } = Environment.GetEnvironmentVariable("CONTROLPLANE_TEST_STORE") switch
    {
        null or "" or "own" => false,
        "etcd" => true,
        var other => throw new InvalidOperationException($"CONTROLPLANE_TEST_STORE is \"{other}\"; it is \"own\" or \"etcd\""),
    };
}
