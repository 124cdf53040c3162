namespace ControlPlane.Api.Facts;

/// <summary>The facts of the Kubernetes API that this assembly carries: files beside this one, embedded under their file names.</summary>
internal static class EmbeddedFacts
{
    /// <summary>The bytes of one file, such as <c>schemas.json</c>; a fresh copy each time.</summary>
    public static byte[] Read(string fileName)
    {
        using var stream = typeof(EmbeddedFacts).Assembly.GetManifestResourceStream(fileName);
        Invariant.That(stream is not null);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
