using System.Text.Json.Serialization.Metadata;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Kinds;

/// <summary>A typed view of an object: the fields our code uses. What it does not name is kept in the stored document.</summary>
public interface IResource
{
    ObjectMeta Metadata { get; }
}

/// <summary>A typed view that knows its kind.</summary>
public interface IResource<TSelf> : IResource where TSelf : class, IResource<TSelf>
{
    /// <summary>How the kind is served.</summary>
    static abstract ResourceDescriptor Resource { get; }

    /// <summary>Source-generated (de)serialisation of the view.</summary>
    static abstract JsonTypeInfo<TSelf> TypeInfo { get; }
}
