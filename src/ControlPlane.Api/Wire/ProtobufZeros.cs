using System.Collections.Frozen;

namespace ControlPlane.Api.Wire;

/// <summary>Which zeros on the wire are values. The wire cannot tell a field that is always sent from one that was set to zero, and the schema does not know either;
/// these two lists do. (For text the empty value is rarely meant, for numbers and flags it mostly is, hence one list of each sort.)</summary>
internal static class ProtobufZeros
{
    private static readonly FrozenSet<string> AlwaysSentNumbersAndFlags = new[]
    {
        // Everywhere.
        "generation", "observedGeneration", "readOnly", "code", "retryAfterSeconds", "count", "deprecatedCount", "minReadySeconds", "partition", "sizeBytes", "denied", "authenticated",
        // Pods.
        "hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty", "hostPort", "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold",
        "signal", "chapAuthDiscovery", "chapAuthSession", "sslEnabled",
        // Nodes, services, priorities.
        "unschedulable", "nodePort", "healthCheckNodePort", "publishNotReadyAddresses", "globalDefault",
        // Counters in status.
        "active", "succeeded", "failed", "replicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "updatedReplicas", "currentReplicas", "fullyLabeledReplicas",
        "updatedNumberScheduled", "numberAvailable", "numberUnavailable", "paused",
    }.ToFrozenSet();

    // The same names where absence and zero differ: a replica count is a wish in spec and a counter in status.
    private static readonly FrozenSet<string> Exceptions = new[]
    {
        "DeploymentSpec.replicas", "ReplicaSetSpec.replicas", "StatefulSetSpec.replicas", "ReplicationControllerSpec.replicas", "RollingUpdateStatefulSetStrategy.partition",
        "ClientIPConfig.timeoutSeconds", "MutatingWebhook.timeoutSeconds", "ValidatingWebhook.timeoutSeconds", "AzureDiskVolumeSource.readOnly", "CSIVolumeSource.readOnly",
    }.ToFrozenSet();

    private static readonly FrozenSet<string> EmptyTexts = new[]
    {
        // Released, not unknown: a leader that steps down clears its name.
        "LeaseSpec.holderIdentity",
        "PersistentVolumeClaimSpec.storageClassName", "PersistentVolumeClaimSpec.volumeAttributesClassName", "PersistentVolumeSpec.volumeAttributesClassName",
        "HostPathVolumeSource.type", "GRPCAction.service", "CronJobSpec.timeZone",
    }.ToFrozenSet();

    /// <param name="message">The message's name without its package.</param>
    /// <param name="field">The JSON name.</param>
    public static bool AreKept(string message, string field, ProtobufKind kind)
    {
        if (kind is ProtobufKind.String or ProtobufKind.Bytes) return EmptyTexts.Contains($"{message}.{field}");
        return !AlwaysSentNumbersAndFlags.Contains(field) || Exceptions.Contains($"{message}.{field}");
    }
}
