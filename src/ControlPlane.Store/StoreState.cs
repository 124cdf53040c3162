using ControlPlane.Store.Commands;

namespace ControlPlane.Store;

/// <summary>The deterministic state machine behind the log. One caller applies; readers use the immutable <see cref="View"/>.</summary>
public sealed class StoreState
{
    /// <summary>The newest state. A new object after every mutation; publish it to other threads with one volatile write.</summary>
    public StoreView View => throw new NotImplementedException();

    /// <summary>Applies one committed command.</summary>
    public Result Apply(Command command) => throw new NotImplementedException();
}
