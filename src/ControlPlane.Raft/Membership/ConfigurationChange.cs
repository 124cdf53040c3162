namespace ControlPlane.Raft.Membership;

/// <summary>The way from one configuration to another.</summary>
/// <remarks>One step where any two majorities must meet, which is cheaper and is what operators mostly do; a joint configuration, and its leaving by
/// whoever leads when it is committed, where they need not (Raft §6). ADR 0011 has the reasons.</remarks>
internal static class ConfigurationChange
{
    /// <summary>What is appended first on the way to <paramref name="target"/>; null when there is no way from here.</summary>
    public static Configuration? FirstStep(Configuration present, Configuration target)
    {
        if (present.IsJoint || !target.IsTarget || target.Members.Any(member => present.Removed.Contains(member.Id))) return null;
        return present.IsOneStepFrom(target) ? target : target with { OutgoingVoters = present.Voters };
    }
}
