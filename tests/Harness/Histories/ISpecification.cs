namespace ControlPlane.Harness.Histories;

/// <summary>What one key does when its calls come one after the other. States are numbers that the specification gives out.</summary>
internal interface ISpecification
{
    const int Impossible = -1;

    int Initial { get; }

    /// <param name="state">The state before.</param>
    /// <param name="call">A position in the list the specification was made for.</param>
    /// <returns>The state after, or <see cref="Impossible"/> when the call could not have ended as it did.</returns>
    int Apply(int state, int call);
}
