namespace ControlPlane.Benchmarks.Nemesis;

/// <summary>The run can not go on, because the store does not do what it must.</summary>
internal sealed class BrokenPromiseException(string promise) : Exception(promise);
