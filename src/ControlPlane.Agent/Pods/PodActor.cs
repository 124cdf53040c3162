using System.Collections.Concurrent;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Pods;

/// <summary>One pod in the hands of the agent: its latest object, its state, and news not yet folded in. Its turns are run one at a time by
/// <see cref="PodRunner"/>; everybody else reads <see cref="Pod"/> and <see cref="State"/>, which are immutable.</summary>
internal sealed class PodActor(Pod pod)
{
    private readonly ConcurrentQueue<PodInput> _news = new();
    private volatile Pod _pod = pod;
    private volatile PodState? _state;
    private int _isQueued;
    private int _isUnwritten;
    private int _turnsWanted;

    public string Uid { get; } = pod.Metadata.Uid;

    /// <summary>As the API last showed it. Only a newer one of the same uid replaces it.</summary>
    public Pod Pod
    {
        get => _pod;
        set
        {
            Invariant.That(value.Metadata.Uid == Uid);
            _pod = value;
        }
    }

    /// <summary>Null before the first turn.</summary>
    public PodState? State
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>The API already held a final status of a run nothing is known of here: leave it as it is.</summary>
    public bool IsForeign { get; set; }

    /// <summary>The grace the last delete order asked for; a shorter one may follow.</summary>
    public TimeSpan? DeletionGrace { get; set; }

    /// <summary>The status the API was last told, or null.</summary>
    public byte[]? WrittenStatus { get; set; }

    /// <summary>Held while the API is told, so that an older status never overtakes a newer.</summary>
    public SemaphoreSlim Writing { get; } = new(1, 1);

    public int WriteFailures { get; set; }

    public bool IsImageNoticed { get; set; }

    public void Tell(PodInput input) => _news.Enqueue(input);

    public bool TryTake(out PodInput? input) => _news.TryDequeue(out input);

    /// <summary>True for the one caller who must put the actor into the queue of turns.</summary>
    public bool MarkQueued() => Interlocked.Exchange(ref _isQueued, 1) == 0;

    public void UnmarkQueued() => Volatile.Write(ref _isQueued, 0);

    /// <summary>Takes the actor for a turn; false when another worker has it, who will then make one more turn.</summary>
    public bool TryBeginTurn() => Interlocked.Increment(ref _turnsWanted) == 1;

    /// <summary>Gives the actor back; false when a turn was asked for meanwhile and must be made now.</summary>
    public bool TryEndTurn()
    {
        if (Interlocked.CompareExchange(ref _turnsWanted, 0, 1) == 1) return true;
        Volatile.Write(ref _turnsWanted, 1);
        return false;
    }

    /// <summary>True for the one caller who must put the actor into the queue of status writes.</summary>
    public bool MarkUnwritten() => Interlocked.Exchange(ref _isUnwritten, 1) == 0;

    public void UnmarkUnwritten() => Volatile.Write(ref _isUnwritten, 0);
}
