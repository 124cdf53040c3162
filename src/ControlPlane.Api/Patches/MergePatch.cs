using System.Text.Json.Nodes;

namespace ControlPlane.Api.Patches;

/// <summary>RFC 7386: objects merge, null deletes, everything else replaces.</summary>
internal static class MergePatch
{
    public static JsonObject Apply(JsonObject document, JsonObject patch)
    {
        var result = (JsonObject)document.DeepClone();
        MergeInto(result, patch);
        return result;
    }

    private static void MergeInto(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            switch (value)
            {
                case null:
                    target.Remove(name);
                    break;
                case JsonObject members:
                    // A new object goes through the same merge, so that nulls inside it vanish too.
                    if (target[name] is not JsonObject inner) target[name] = inner = [];
                    MergeInto(inner, members);
                    break;
                default:
                    target[name] = value.DeepClone();
                    break;
            }
        }
    }
}
