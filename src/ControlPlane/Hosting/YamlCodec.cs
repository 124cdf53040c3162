using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.ApiServer.Hosting;
using ControlPlane.Client.Yaml;

namespace ControlPlane.Hosting;

/// <summary>The clients' YAML, lent to the server (docs/adr/0005).</summary>
internal sealed class YamlCodec : IYamlCodec
{
    public JsonNode? Decode(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return YamlDocuments.Read(utf8, "body").FirstOrDefault()?.Root;
        }
        catch (ManifestException exception)
        {
            throw new FormatException(exception.Message, exception);
        }
    }

    public byte[] Encode(JsonNode document) => Encoding.UTF8.GetBytes(YamlDocuments.Write(document, sortKeys: true));
}
