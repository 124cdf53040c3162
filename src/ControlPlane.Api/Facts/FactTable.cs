using System.Text.Json;

namespace ControlPlane.Api.Facts;

/// <summary>A fact file that is one JSON object, kept as text with the place of each member, so that start-up does not parse what nobody asks for.</summary>
internal sealed class FactTable
{
    private readonly byte[] _text;
    private readonly Dictionary<string, Range> _places = new(StringComparer.Ordinal);

    public FactTable(byte[] text)
    {
        _text = text;
        var reader = new Utf8JsonReader(text);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            _places.Add(name, start..(int)reader.BytesConsumed);
        }
    }

    /// <summary>In the file's order.</summary>
    public IReadOnlyCollection<string> Names => _places.Keys;

    public bool Contains(string name) => _places.ContainsKey(name);

    /// <exception cref="KeyNotFoundException">The file has no such member.</exception>
    public ReadOnlyMemory<byte> TextOf(string name) => _text.AsMemory(_places[name]);
}
