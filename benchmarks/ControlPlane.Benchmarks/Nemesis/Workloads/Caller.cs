using ControlPlane.Harness.Histories;

namespace ControlPlane.Benchmarks.Nemesis.Workloads;

/// <summary>One writer or reader: one call after the other, mostly to its own member, to another one after a failure.</summary>
internal sealed class Caller(int number, bool isWriter, Func<IReadOnlyList<MemberClient>> members, Journal journal, WorkloadOptions options, Random random)
{
    public const string Prefix = "n/";
    public const string ListPrefix = Prefix + "l/";

    private readonly List<Call> _calls = journal.NewClient();
    private int _valueCount;
    private bool _isDiverted;

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var reachable = members();
            var member = reachable[_isDiverted ? random.Next(reachable.Count) : number % reachable.Count];
            _isDiverted = !await CallAsync(member);
            await PauseAsync(options.Pause * 2 * random.NextDouble(), stop);
        }
    }

    private async Task<bool> CallAsync(MemberClient member)
    {
        var generation = journal.Now / (long)options.KeyLife.TotalMicroseconds;
        var isList = random.Next(3) == 0;
        var key = isList ? $"{ListPrefix}{generation}/{random.Next(options.ListCount)}/" : $"{Prefix}r/{generation}/{random.Next(options.RegisterCount)}";
        Request request = (isWriter, isList, random.Next(10)) switch
        {
            (false, _, _) => new Request.Read(),
            (true, true, _) => new Request.Append(FreshValue()),
            (true, false, 0) => new Request.Write(null),
            (true, false, < 5) => new Request.Write(FreshValue()),
            _ => new Request.CompareAndSet(journal.LastSeen(key), FreshValue()),
        };
        var invoked = journal.Now;
        var answer = await AskAsync(member, key, request, isList);
        var returned = journal.Now;
        if (answer.Outcome is Outcome.Unknown) _calls.Add(Call.Unanswered(number, key, request, invoked));
        else _calls.Add(new(number, key, request, invoked, returned, answer.Outcome));
        Learn(key, request, answer, returned);
        return answer.Outcome is not (Outcome.Unknown or Outcome.Refused);
    }

    private Task<Answer> AskAsync(MemberClient member, string key, Request request, bool isList) => request switch
    {
        Request.Read => isList ? member.ListAsync(key, options.Patience) : member.ReadAsync(key, options.Patience),
        Request.Append append => member.WriteAsync(key + append.Element, append.Element, options.Patience),
        Request.Write write => member.WriteAsync(key, write.Value, options.Patience),
        Request.CompareAndSet set => member.CompareAndSetAsync(key, set.Expected, set.Value!, options.Patience),
        _ => throw new InvalidOperationException($"{request}"),
    };

    private void Learn(string key, Request request, Answer answer, long returned)
    {
        if (answer.Outcome is Outcome.Found found) journal.Saw(key, found.Value);
        if (answer.Outcome is not Outcome.Done) return;
        var (changedKey, value) = request switch
        {
            Request.Append append => (key + append.Element, append.Element),
            Request.Write write => (key, write.Value),
            Request.CompareAndSet set => (key, set.Value),
            _ => throw new InvalidOperationException($"{request}"),
        };
        journal.Saw(key, value);
        if (answer.Revision is { } revision) journal.Acknowledged.Enqueue((new(revision, changedKey, value), returned));
    }

    private string FreshValue() => $"{number}.{_valueCount++}";

    private static async Task PauseAsync(TimeSpan span, CancellationToken stop)
    {
        try
        {
            await Task.Delay(span, stop);
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }
}
