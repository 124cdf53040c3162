using System.Text;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Kinds;
using ControlPlane.ApiServer.Live;
using ControlPlane.ApiServer.Storage;
using ControlPlane.ApiServer.Watches;
using ControlPlane.Store;
using ControlPlane.Store.Watches;
using CsCheck;

namespace ControlPlane.Tests.ApiServer.Live;

public sealed class CoalescerTests
{
    [Fact]
    public void Who_keeps_up_sees_every_change()
    {
        var coalescer = new Coalescer();
        coalescer.Add(Change(WatchEventType.Added, "a", 1));
        Assert.Equal(["Added a 1"], Drain(coalescer));
        coalescer.Add(Change(WatchEventType.Modified, "a", 2));
        Assert.Equal(["Modified a 2"], Drain(coalescer));
    }

    [Fact]
    public void Who_is_slow_sees_the_latest_state_of_each_object_in_order()
    {
        var coalescer = new Coalescer();
        coalescer.Add(Change(WatchEventType.Added, "a", 1));
        coalescer.Add(Change(WatchEventType.Modified, "b", 2));
        coalescer.Add(Change(WatchEventType.Modified, "a", 3));
        coalescer.Add(Change(WatchEventType.Added, "c", 4));
        coalescer.Add(Change(WatchEventType.Deleted, "c", 5));
        coalescer.Add(Change(WatchEventType.Deleted, "b", 6));
        coalescer.Add(Change(WatchEventType.Added, "b", 7));
        Assert.Equal(["Added a 3", "Modified b 7"], Drain(coalescer));
        Assert.Equal(0, coalescer.Count);
    }

    [Fact]
    public void Who_applies_what_is_left_has_what_there_is()
    {
        // A small world of three objects; each step creates, changes or deletes one.
        Gen.Int[0, 2].List[0, 40].Sample(steps =>
        {
            var world = new Dictionary<string, long>();
            var seen = new Dictionary<string, long>();
            var coalescer = new Coalescer();
            var revision = 0;
            foreach (var step in steps)
            {
                revision++;
                var name = "abc"[step].ToString();
                var type = !world.ContainsKey(name) ? WatchEventType.Added : revision % 3 == 0 ? WatchEventType.Deleted : WatchEventType.Modified;
                if (type == WatchEventType.Deleted) world.Remove(name);
                else world[name] = revision;
                coalescer.Add(Change(type, name, revision));
                if (revision % 5 == 0) Apply(coalescer, seen);
            }

            Apply(coalescer, seen);
            return world.OrderBy(pair => pair.Key).SequenceEqual(seen.OrderBy(pair => pair.Key));
        });
    }

    private static void Apply(Coalescer coalescer, Dictionary<string, long> seen)
    {
        var last = 0L;
        foreach (var change in coalescer.Drain())
        {
            Assert.True(change.Revision > last);
            last = change.Revision;
            Assert.Equal(change.Type != WatchEventType.Added, seen.ContainsKey(change.Change.Name));
            if (change.Type == WatchEventType.Deleted) seen.Remove(change.Change.Name);
            else seen[change.Change.Name] = change.Revision;
        }
    }

    private static List<string> Drain(Coalescer coalescer) => [.. coalescer.Drain().Select(change => $"{change.Type} {change.Change.Name} {change.Revision}")];

    private static SelectedChange Change(WatchEventType type, string name, long revision)
    {
        var key = ObjectKeys.Of(ConfigMap.Resource, "x", name);
        var record = new ControlPlane.Store.Record(key, Encoding.UTF8.GetBytes("{\"metadata\":{}}"), new Revision(1), new Revision(revision), 1, LeaseId.None);
        var isDeletion = type == WatchEventType.Deleted;
        return new SelectedChange(type, new ObjectChange(ConfigMap.Resource, new Change(new Revision(revision), key, isDeletion ? null : record, record)), isDeletion);
    }
}
