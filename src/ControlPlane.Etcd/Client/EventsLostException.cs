namespace ControlPlane.Etcd.Client;

/// <summary>What a watch delivered does not follow from what is known: the copy must be made anew.</summary>
internal sealed class EventsLostException(string message) : Exception(message);
