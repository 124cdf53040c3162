using System.Text;
using ControlPlane.Harness.Histories;
using ControlPlane.Replica;
using ControlPlane.Simulation.Clusters;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Compare = ControlPlane.Store.Commands.Compare;

namespace ControlPlane.Simulation.Clients;

/// <summary>One client: does one thing after the other on registers and lists, at whatever member it is connected to, and writes down what it was told.</summary>
internal sealed class Client(SimulatedCluster cluster, Workload workload, int number)
{
    // A list is read whole by every append; a fresh one begins before that costs too much.
    private const int ListLengthMax = 30;

    private readonly Dictionary<string, Record?> _lastSeen = [];
    private SimulatedMember _member = cluster.Members[number % cluster.Members.Count];
    private int _writeCount;
    private int _listNumber;

    public void Begin() => cluster.Schedule.After(cluster.Random.Between(1_000, cluster.Plan.ThinkMicrosecondsMax), () =>
    {
        if (workload.IsStopped) return;
        if (cluster.Random.Chance(0.2)) _member = cluster.Random.Pick(cluster.Members);
        if (!TryAct())
        {
            // Nobody listens there.
            _member = cluster.Random.Pick(cluster.Members);
            Begin();
        }
    });

    private bool TryAct()
    {
        var key = $"r{cluster.Random.Below(cluster.Plan.KeyCount)}";
        return cluster.Random.Below(10) switch
        {
            < 3 => TryRead(key),
            < 5 => TryWrite(key, Token()),
            < 6 => TryWrite(key, null),
            < 8 => TryCompareAndSet(key),
            _ => TryAppend(),
        };
    }

    private string Token() => $"{number}.{_writeCount++}";

    private int Padding() => cluster.Random.Below(8) switch
    {
        0 => cluster.Random.Below(2_500),
        1 => cluster.Random.Below(400),
        _ => 0,
    };

    private bool TryRead(string key)
    {
        var invoked = cluster.Schedule.Now;
        return workload.TryRead(_member, view =>
        {
            // A read without an answer says nothing.
            if (view is not null)
            {
                _lastSeen[key] = view.Get(Encoding.UTF8.GetBytes(key));
                Record(key, new Request.Read(), invoked, new Outcome.Found(Values.TokenOf(_lastSeen[key])));
            }

            Begin();
        });
    }

    private bool TryWrite(string key, string? token)
    {
        var bytes = Encoding.UTF8.GetBytes(key);
        Operation operation = token is null ? new Operation.Delete(bytes, null) : new Operation.Put(bytes, Values.Encode(token, Padding()), LeaseId.None);
        return TryTransact(key, new Request.Write(token), new Transaction([], [operation], []));
    }

    private bool TryCompareAndSet(string key)
    {
        var bytes = Encoding.UTF8.GetBytes(key);
        var expected = _lastSeen.GetValueOrDefault(key);
        var token = Token();
        Compare compare = expected is null
            ? new Compare.Version(bytes, Comparison.Equal, 0)
            : cluster.Random.Chance(0.5) ? new Compare.Value(bytes, Comparison.Equal, expected.Value) : new Compare.ModifiedRevision(bytes, Comparison.Equal, expected.Modified);
        return TryTransact(
            key, new Request.CompareAndSet(Values.TokenOf(expected), token),
            new Transaction([compare], [new Operation.Put(bytes, Values.Encode(token, Padding()), LeaseId.None)], [new Operation.Read(bytes, null, null)]));
    }

    private bool TryTransact(string key, Request request, Transaction transaction)
    {
        var invoked = cluster.Schedule.Now;
        var seen = workload.Seen;
        return workload.TryPropose(_member, transaction, outcome =>
        {
            switch (outcome)
            {
                case ProposalOutcome.Committed(TransactionResult result):
                    var isMutation = result.Succeeded && request is not Request.Write { Value: null };
                    workload.Completed($"{request}", result.Revision, seen, isMutation);
                    Record(key, request, invoked, result.Succeeded ? new Outcome.Done() : FoundBy(key, result));
                    break;
                case ProposalOutcome.NotLeader or ProposalOutcome.Rejected:
                    Record(key, request, invoked, new Outcome.Refused());
                    break;
                default:
                    workload.Record(Call.Unanswered(number, key, request, invoked));
                    break;
            }

            Begin();
        });
    }

    private Outcome.Found FoundBy(string key, TransactionResult result)
    {
        var records = ((OperationResult.Read)result.Operations[0]).Records;
        _lastSeen[key] = records.IsEmpty ? null : records[0];
        return new Outcome.Found(Values.TokenOf(_lastSeen[key]));
    }

    /// <summary>Reads the list, and puts it back one element longer if nobody was faster.</summary>
    private bool TryAppend()
    {
        var key = $"list{_listNumber}";
        var bytes = Encoding.UTF8.GetBytes(key);
        var invoked = cluster.Schedule.Now;
        return workload.TryRead(_member, view =>
        {
            if (view is null)
            {
                Begin();
                return;
            }

            var record = view.Get(bytes);
            var list = Values.TokenOf(record);
            var elements = Values.ElementsOf(list);
            Record(key, new Request.Read(), invoked, new Outcome.Listed(elements));
            if (elements.Count >= ListLengthMax) _listNumber++;
            var element = Token();
            var longer = list is null ? element : $"{list} {element}";
            var transaction = Transaction.PutIf(bytes, record?.Modified ?? Revision.Zero, Values.Encode(longer, 0));
            var appended = cluster.Schedule.Now;
            var seen = workload.Seen;
            var isProposed = workload.TryPropose(_member, transaction, outcome =>
            {
                switch (outcome)
                {
                    case ProposalOutcome.Committed(TransactionResult { Succeeded: true } result):
                        workload.Completed("an append", result.Revision, seen, isWrite: true);
                        Record(key, new Request.Append(element), appended, new Outcome.Done());
                        break;
                    case null or ProposalOutcome.Unknown:
                        workload.Record(Call.Unanswered(number, key, new Request.Append(element), appended));
                        break;
                }

                Begin();
            });
            if (!isProposed) Begin();
        });
    }

    private void Record(string key, Request request, long invoked, Outcome outcome) =>
        workload.Record(new Call(number, key, request, invoked, cluster.Schedule.Now, outcome));
}
