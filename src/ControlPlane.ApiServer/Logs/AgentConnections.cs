using System.Collections.Concurrent;

namespace ControlPlane.ApiServer.Logs;

/// <summary>Which agent speaks for which node on this server. Agents dial every server, so no server asks another.</summary>
internal sealed class AgentConnections(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, AgentConnection> _byNode = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = NewSource();

    /// <summary>The newest hello of an agent wins: it has just dialled.</summary>
    public void Register(AgentConnection connection, IReadOnlyList<string> nodes)
    {
        var named = nodes.ToHashSet(StringComparer.Ordinal);
        foreach (var node in named) _byNode[node] = connection;
        foreach (var (node, holder) in _byNode)
        {
            if (ReferenceEquals(holder, connection) && !named.Contains(node)) _byNode.TryRemove(new(node, holder));
        }

        Interlocked.Exchange(ref _changed, NewSource()).SetResult();
    }

    public void Remove(AgentConnection connection)
    {
        foreach (var pair in _byNode)
        {
            if (ReferenceEquals(pair.Value, connection)) _byNode.TryRemove(pair);
        }
    }

    /// <summary>The agent of a node; waits a little for one that is just dialling. Null when none comes.</summary>
    public async Task<AgentConnection?> FindAsync(string node, TimeSpan patience, CancellationToken cancellationToken)
    {
        var deadline = Task.Delay(patience, time, cancellationToken);
        while (true)
        {
            // Taken before looking, so that a hello in between is not missed.
            var changed = Volatile.Read(ref _changed).Task;
            if (_byNode.TryGetValue(node, out var connection)) return connection;
            if (await Task.WhenAny(changed, deadline) != deadline) continue;
            await deadline;
            return null;
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
