using System.Text.Json;
using ControlPlane.Api.Resources;

namespace ControlPlane.Client.Informers;

/// <summary>A way to find objects other than by name.</summary>
/// <param name="Name">Names the index when it is asked.</param>
/// <param name="KeysOf">The keys an object is found under; pure, and the same for the same object. No key: it is not in the index.</param>
public sealed record ObjectIndex(string Name, Func<ResourceObject, IEnumerable<string>> KeysOf)
{
    /// <summary>Finds objects by the uid of the owner with <c>controller: true</c>.</summary>
    public static readonly ObjectIndex ControllerOwner = new("controllerOwner", item => ControllerUidOf(item) is { } uid ? [uid] : []);

    /// <summary>The uid of the controller owner, read from the bytes without a typed view, or null.</summary>
    public static string? ControllerUidOf(ResourceObject item)
    {
        var reader = new Utf8JsonReader(item.Json.Span);
        if (!EnterProperty(ref reader, "metadata"u8, JsonTokenType.StartObject)) return null;
        if (!EnterProperty(ref reader, "ownerReferences"u8, JsonTokenType.StartArray, isInside: true)) return null;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string? uid = null;
            var isController = false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isUid = reader.ValueTextEquals("uid"u8);
                var isFlag = reader.ValueTextEquals("controller"u8);
                reader.Read();
                if (isUid) uid = reader.GetString();
                else if (isFlag) isController = reader.TokenType == JsonTokenType.True;
                else reader.Skip();
            }

            if (isController) return uid;
        }

        return null;
    }

    /// <summary>Moves to the value of a property of the current object.</summary>
    private static bool EnterProperty(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, JsonTokenType expected, bool isInside = false)
    {
        if (!isInside && !(reader.Read() && reader.TokenType == JsonTokenType.StartObject)) return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(name);
            reader.Read();
            if (isIt) return reader.TokenType == expected;
            reader.Skip();
        }

        return false;
    }
}
