namespace ControlPlane.Dashboard.Login;

/// <summary>Knows the one-time tokens of login links. A link is <c>https://host/#token</c>: browsers keep the fragment to themselves, so it stands
/// in no log and no referrer; the login page sends it once to <c>POST /login</c> and gets a cookie for it.</summary>
public interface IDashboardLogin
{
    /// <summary>True once for a token that was given out, and never again for the same. Compares in constant time.</summary>
    bool TryRedeem(string token);
}
