namespace ControlPlane.Harness.Histories;

/// <summary>What a client asks of one key. A key is either a register (read, write, compare-and-set) or a list (read, append), never both.</summary>
public abstract record Request
{
    private Request()
    {
    }

    /// <summary>The value of a register, or the whole list.</summary>
    public sealed record Read : Request
    {
        public override string ToString() => "read";
    }

    /// <param name="Value">Null deletes.</param>
    public sealed record Write(string? Value) : Request
    {
        public override string ToString() => $"write {Text.Of(Value)}";
    }

    /// <param name="Expected">Null: only when the key does not exist.</param>
    /// <param name="Value">Null deletes.</param>
    public sealed record CompareAndSet(string? Expected, string? Value) : Request
    {
        public override string ToString() => $"set {Text.Of(Value)} if {Text.Of(Expected)}";
    }

    /// <param name="Element">Unique among all appends to this key.</param>
    public sealed record Append(string Element) : Request
    {
        public override string ToString() => $"append {Text.Of(Element)}";
    }
}
