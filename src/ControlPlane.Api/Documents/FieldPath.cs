using System.Globalization;
using System.Text;

namespace ControlPlane.Api.Documents;

/// <summary>Where a walk through a document is, as <c>spec.containers[0].name</c>. Text is made only when somebody asks, which is when something is wrong.</summary>
internal sealed class FieldPath
{
    private readonly List<Step> _steps = [];

    public void Push(string name) => _steps.Add(new(name, -1));

    public void Push(int index) => _steps.Add(new(null, index));

    /// <summary>A key of a map: <c>labels[app]</c>.</summary>
    public void PushKey(string key) => _steps.Add(new(key, 0));

    public void Pop() => _steps.RemoveAt(_steps.Count - 1);

    public int Depth => _steps.Count;

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var step in _steps)
        {
            if (step.Name is null) text.Append(CultureInfo.InvariantCulture, $"[{step.Index}]");
            else if (step.Index == 0) text.Append(CultureInfo.InvariantCulture, $"[{step.Name}]");
            else text.Append(text.Length == 0 ? "" : ".").Append(step.Name);
        }

        return text.ToString();
    }

    // Index -1: a field; name null: an element; else a key.
    private readonly record struct Step(string? Name, int Index);
}
