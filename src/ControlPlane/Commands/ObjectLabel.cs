using ControlPlane.Api.Resources;

namespace ControlPlane.Commands;

/// <summary>How objects are called on the command line.</summary>
internal static class ObjectLabel
{
    /// <summary><c>job.batch/pi</c>, <c>pod/x</c>: what every command prints and takes.</summary>
    public static string Of(ResourceDescriptor resource, string name) => resource.Group.Length == 0 ? $"{resource.Singular}/{name}" : $"{resource.Singular}.{resource.Group}/{name}";

    /// <inheritdoc cref="Of(ResourceDescriptor, string)"/>
    public static string Of(ResourceObject item) => Of(item.Resource, item.Name);

    /// <summary>As sentences name one: <c>job.batch "pi"</c>.</summary>
    public static string Quoted(ResourceDescriptor resource, string name) => resource.Group.Length == 0 ? $"{resource.Singular} \"{name}\"" : $"{resource.Singular}.{resource.Group} \"{name}\"";
}
