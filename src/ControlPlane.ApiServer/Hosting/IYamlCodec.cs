using System.Text.Json.Nodes;

namespace ControlPlane.ApiServer.Hosting;

/// <summary>YAML bodies and answers. The parser lives with the clients' project, and the executable wires it in, so that the server needs no YAML library.</summary>
public interface IYamlCodec
{
    /// <summary>The first document of a text, as JSON.</summary>
    /// <exception cref="FormatException">Not YAML; the message names line and column and what was expected.</exception>
    JsonNode? Decode(ReadOnlySpan<byte> utf8);

    /// <summary>The document as YAML text, UTF-8, with keys in order and a newline at the end.</summary>
    byte[] Encode(JsonNode document);
}
