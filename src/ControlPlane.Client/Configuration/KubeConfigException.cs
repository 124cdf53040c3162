namespace ControlPlane.Client.Configuration;

/// <summary>The file that says how to reach the cluster is missing, broken or incomplete. The message says which file, what, and what to do.</summary>
public sealed class KubeConfigException(string message, Exception? inner = null) : Exception(message, inner);
