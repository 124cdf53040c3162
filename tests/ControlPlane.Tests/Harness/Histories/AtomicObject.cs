using ControlPlane.Harness.Histories;

namespace ControlPlane.Tests.Harness.Histories;

/// <summary>Histories of clients that talk to one register or one list that really does one thing at a time, somewhere between call and answer.</summary>
internal sealed class AtomicObject(Random random)
{
    private const string Key = "k";

    /// <param name="clientCount">Each has one call open at a time.</param>
    /// <param name="callCount">Of all clients together.</param>
    /// <param name="isList">Appends and reads, else reads, writes and compare-and-set.</param>
    /// <param name="unknownChance">How often an answer is lost; half of those calls take effect, some of them much later.</param>
    /// <param name="valueCount">Values are drawn from so many; null: every written value is unique.</param>
    public List<Call> History(int clientCount, int callCount, bool isList, double unknownChance, int? valueCount = null)
    {
        var planned = new List<Planned>();
        for (var client = 0; client < clientCount; client++)
        {
            long now = random.Next(0, 100);
            for (var number = client; number < callCount; number += clientCount)
            {
                var invoked = now + random.Next(1, 30);
                var effect = invoked + random.Next(0, 60);
                var returned = effect + random.Next(0, 60);
                var isUnknown = random.NextDouble() < unknownChance;
                var never = isUnknown && random.Next(2) == 0;
                if (isUnknown && random.Next(2) == 0) effect += random.Next(0, 2000);
                planned.Add(new(client, number, invoked, never ? Call.Never : effect, isUnknown ? Call.Never : returned));
                now = returned;
            }
        }

        return [.. (isList ? PlayList(planned) : PlayRegister(planned, valueCount)).OrderBy(call => call.InvokedMicroseconds)];
    }

    private static List<Call> PlayList(List<Planned> planned)
    {
        var elements = new List<string>();
        var calls = new List<Call>();
        var random = new Random(planned.Count);
        foreach (var plan in planned.OrderBy(plan => plan.Effect))
        {
            Request request = random.Next(2) == 0 ? new Request.Read() : new Request.Append($"e{plan.Number}");
            Outcome outcome = request is Request.Read ? new Outcome.Listed([.. elements]) : new Outcome.Done();
            if (request is Request.Append(var element) && plan.Effect != Call.Never) elements.Add(element);
            calls.Add(plan.ToCall(request, outcome));
        }

        return calls;
    }

    private List<Call> PlayRegister(List<Planned> planned, int? valueCount)
    {
        string? value = null;
        var calls = new List<Call>();
        string? Fresh(Planned plan) => valueCount is { } count ? $"v{random.Next(count)}" : random.Next(10) == 0 ? null : $"v{plan.Number}";
        foreach (var plan in planned.OrderBy(plan => plan.Effect))
        {
            Request request = random.Next(3) switch
            {
                0 => new Request.Read(),
                1 => new Request.Write(Fresh(plan)),
                _ => new Request.CompareAndSet(random.Next(2) == 0 ? value : $"v{random.Next(planned.Count)}", Fresh(plan)),
            };
            Outcome outcome = new Outcome.Done();
            if (request is Request.Read || (request is Request.CompareAndSet(var expected, _) && expected != value)) outcome = new Outcome.Found(value);
            else if (plan.Effect != Call.Never) value = request is Request.Write(var written) ? written : ((Request.CompareAndSet)request).Value;
            calls.Add(plan.ToCall(request, outcome));
        }

        return calls;
    }

    private sealed record Planned(int Client, int Number, long Invoked, long Effect, long Returned)
    {
        public Call ToCall(Request request, Outcome outcome) =>
            Returned == Call.Never ? Call.Unanswered(Client, Key, request, Invoked) : new Call(Client, Key, request, Invoked, Returned, outcome);
    }
}
