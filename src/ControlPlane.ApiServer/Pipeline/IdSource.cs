using System.Security.Cryptography;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>Fresh ids and name suffixes: the pipeline's only chance. Tests give their own.</summary>
public class IdSource
{
    // Without vowels and look-alikes, as Kubernetes does, so that no suffix is a word.
    private const string SuffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>A uid, lower case with dashes.</summary>
    public virtual string NewUid() => Guid.NewGuid().ToString();

    /// <summary>Five characters to put behind <c>generateName</c>.</summary>
    public virtual string NewNameSuffix() => RandomNumberGenerator.GetString(SuffixAlphabet, 5);
}
