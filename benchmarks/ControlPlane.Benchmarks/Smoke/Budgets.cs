using System.Text.Json;

namespace ControlPlane.Benchmarks.Smoke;

/// <summary>Allocated bytes an operation may cost, by benchmark: <c>budgets.json</c>.</summary>
/// <remarks>Measured with the smoke run and rounded up a little; who brings one down lowers its line.</remarks>
internal sealed class Budgets
{
    private readonly Dictionary<string, double> _bytes;

    private Budgets(Dictionary<string, double> bytes) => _bytes = bytes;

    public IEnumerable<string> Names => _bytes.Keys;

    public static Budgets Load(string path) => new(JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(path))!);

    /// <summary>What is wrong with <paramref name="allocatedBytes"/>, or null.</summary>
    public string? Complaint(string name, double allocatedBytes)
    {
        if (!_bytes.TryGetValue(name, out var budget)) return $"no budget in budgets.json; it takes {allocatedBytes:0.#} bytes an operation";
        return allocatedBytes > budget ? $"{allocatedBytes:0.#} bytes an operation, the budget is {budget:0.#}" : null;
    }

    /// <summary>Whether the budget could be lowered by a quarter and more.</summary>
    public bool IsGenerous(string name, double allocatedBytes) => _bytes.TryGetValue(name, out var budget) && budget > 64 && allocatedBytes < budget * 0.75;
}
