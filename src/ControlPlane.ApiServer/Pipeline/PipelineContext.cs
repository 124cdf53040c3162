using ControlPlane.Api.Resources;
using ControlPlane.Replica;
using ControlPlane.Replica.Renewals;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>What every step of the pipeline reads: the store, the kinds, and chance and time as inputs.</summary>
internal sealed record PipelineContext(IReplicatedStore Store, ResourceRegistry Registry, TimeProvider Time, IdSource Ids)
{
    /// <summary>Where writes to Leases go, which nodes and leaders renew all the time: they share log entries.</summary>
    public RenewalWindow Renewals { get; } = new(Store, Time);

    /// <summary>The clock in whole seconds, as timestamps of objects are.</summary>
    public DateTimeOffset Now
    {
        get
        {
            var now = Time.GetUtcNow();
            return new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
        }
    }

    /// <summary>A time as objects spell it: <c>2026-11-25T22:12:00Z</c>.</summary>
    public static string Spell(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
