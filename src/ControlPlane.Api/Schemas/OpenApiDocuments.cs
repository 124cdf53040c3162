using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Schemas;

/// <summary>The published schemas: OpenAPI v3 one document a group version, and v2 as a whole. Pure text, made once and kept by the caller.</summary>
public static class OpenApiDocuments
{
    /// <summary>The v3 document of <c>api/v1</c> or <c>apis/batch/v1</c>, UTF-8 JSON.</summary>
    public static byte[] V3(ResourceRegistry registry, string group, string version) => throw new NotImplementedException();

    /// <summary>The v2 document, UTF-8 JSON.</summary>
    public static byte[] V2(ResourceRegistry registry) => throw new NotImplementedException();
}
