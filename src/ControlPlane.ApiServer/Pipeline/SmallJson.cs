using System.Text.Json.Serialization;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>Source-generated serialisation of the few plain types this project writes itself.</summary>
[JsonSerializable(typeof(string))]
internal sealed partial class SmallJson : JsonSerializerContext;
