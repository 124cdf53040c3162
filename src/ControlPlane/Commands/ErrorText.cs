using ControlPlane.Api.Errors;

namespace ControlPlane.Commands;

/// <summary>A server's refusal as a person reads it.</summary>
internal static class ErrorText
{
    /// <summary><c>Error from server (NotFound): …</c>, as kubectl words it, with what to do where the server does not say.</summary>
    public static string Of(ApiStatus status)
    {
        var remedy = status.Reason switch
        {
            "Unauthorized" => "; the kubeconfig's certificate or token is not accepted here: use the one that `controlplane dev` or `init` wrote for this cluster",
            "ServiceUnavailable" => "; the servers have no leader or are starting: try again in a moment",
            "Timeout" => "; whether the change was made is not known: look before you repeat it",
            _ => "",
        };
        return status.Reason.Length == 0 ? $"Error from server: {status.Message}{remedy}" : $"Error from server ({status.Reason}): {status.Message}{remedy}";
    }
}
