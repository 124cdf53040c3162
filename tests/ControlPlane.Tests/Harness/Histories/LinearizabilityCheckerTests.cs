using ControlPlane.Harness.Histories;

namespace ControlPlane.Tests.Harness.Histories;

/// <summary>The judge of the simulator and the nemesis: it must accept what one copy could have answered, and refuse everything else.</summary>
public sealed class LinearizabilityCheckerTests
{
    private static readonly Outcome Done = new Outcome.Done();

    [Fact]
    public void Overlapping_calls_may_take_effect_in_either_order()
    {
        Accept(Write(1, "a", 0, 10), Write(2, "b", 5, 15), Read(3, "a", 12, 20), Read(3, "a", 21, 30));
        Accept(Write(1, "a", 0, 10), Write(2, "b", 5, 15), Read(3, "b", 12, 20), Read(3, "b", 21, 30));
        Accept(Write(1, "a", 0, 10), Read(2, null, 5, 6), Read(2, "a", 7, 8));
    }

    [Fact]
    public void A_value_that_was_overwritten_before_the_read_began_is_stale() =>
        Refuse(Write(1, "a", 0, 10), Write(1, "b", 11, 20), Read(2, "a", 21, 30));

    [Fact]
    public void Two_reads_do_not_see_time_run_backwards() =>
        Refuse(Write(1, "a", 0, 10), Write(2, "b", 11, 50), Read(3, "b", 12, 20), Read(4, "a", 21, 30));

    [Fact]
    public void A_value_that_nobody_wrote_is_refused() => Refuse(Write(1, "a", 0, 10), Read(2, "z", 11, 20));

    [Fact]
    public void A_refused_write_is_never_seen() =>
        Refuse(new Call(1, "k", new Request.Write("a"), 0, 10, new Outcome.Refused()), Read(2, "a", 11, 20));

    [Fact]
    public void A_write_of_unknown_outcome_may_happen_late_or_never_but_not_twice()
    {
        var unknown = Call.Unanswered(1, "k", new Request.Write("u"), 0);
        Accept(unknown, Read(2, null, 20, 30), Write(2, "b", 31, 40), Read(2, "u", 41, 50));
        Accept(unknown, Read(2, null, 20, 30), Write(2, "b", 31, 40), Read(2, "b", 41, 50));
        Refuse(unknown, Read(2, "u", 20, 30), Write(2, "b", 31, 40), Read(2, "b", 41, 50), Read(2, "u", 51, 60));
        Refuse(Read(2, "u", -20, -10), unknown);
    }

    [Fact]
    public void Compare_and_set_holds_exactly_when_the_value_is_the_expected_one()
    {
        Accept(Write(1, "a", 0, 10), Set(1, "a", "b", 11, 20, Done), Set(2, "a", "c", 21, 30, new Outcome.Found("b")), Read(2, "b", 31, 40));
        Refuse(Write(1, "a", 0, 10), Set(1, "a", "b", 11, 20, Done), Set(2, "a", "c", 21, 30, Done));
        Refuse(Write(1, "a", 0, 10), Set(2, "a", "c", 21, 30, new Outcome.Found("a")));
        Accept(Set(1, null, "a", 0, 10, Done), Set(2, "a", null, 11, 20, Done), Set(3, null, "b", 21, 30, Done));
    }

    [Fact]
    public void A_list_read_must_be_a_beginning_of_every_longer_one()
    {
        Accept(Append(1, "a", 0, 10), Append(2, "b", 0, 10), List(3, "b a", 11, 20), List(3, "b a", 21, 30));
        Refuse(Append(1, "a", 0, 10), Append(2, "b", 0, 10), List(3, "b a", 11, 20), List(3, "a b", 21, 30));
        Refuse(Append(1, "a", 0, 10), Append(1, "b", 11, 20), List(3, "b a", 21, 30));
        Refuse(Append(1, "a", 0, 10), List(3, "a a", 21, 30));
    }

    [Fact]
    public void An_acknowledged_element_that_no_later_read_sees_is_lost()
    {
        Refuse(Append(1, "a", 0, 10), Append(1, "b", 11, 20), List(2, "b", 21, 30));
        Refuse(Append(1, "a", 0, 10), Append(1, "b", 11, 20), List(2, "a", 21, 30));
        Accept(Append(1, "a", 0, 10), Call.Unanswered(1, "k", new Request.Append("b"), 11), List(2, "a", 21, 30));
    }

    [Fact]
    public void The_checker_agrees_with_trying_every_order()
    {
        var (accepted, refused) = (0, 0);
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var calls = new AtomicObject(random).History(3, 6, isList: seed % 3 == 0, unknownChance: 0.2, valueCount: 3);
            if (random.Next(2) == 0) calls = Spoil(calls, random);
            var isExplained = EveryOrder.Explains(calls);
            var verdict = LinearizabilityChecker.Check(calls);
            Assert.True(isExplained == verdict is Verdict.Linearizable, $"seed {seed}: {verdict}; every order: {isExplained}\n{string.Join('\n', calls)}");
            if (isExplained) accepted++;
            else refused++;
        }

        Assert.True(accepted > 500 && refused > 200, $"{accepted} accepted, {refused} refused: one side is hardly tried");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_one_copy_answered_is_always_accepted(bool isList)
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var calls = new AtomicObject(new Random(seed)).History(8, 400, isList, unknownChance: 0.05);
            var verdict = LinearizabilityChecker.Check(calls);
            Assert.True(verdict is Verdict.Linearizable, $"seed {seed}: {verdict}");
        }
    }

    [Fact]
    public void A_planted_stale_read_is_always_found_and_shown_in_a_few_lines()
    {
        var planted = 0;
        for (var seed = 0; seed < 40; seed++)
        {
            var calls = new AtomicObject(new Random(seed)).History(8, 200, isList: false, unknownChance: 0.05);
            if (PlantStaleRead(calls, new Random(seed)) is not { } stale) continue;
            planted++;
            var verdict = Assert.IsType<Verdict.NotLinearizable>(LinearizabilityChecker.Check(calls));
            Assert.Contains(stale, verdict.Calls);
            Assert.True(verdict.Calls.Count <= 12, $"seed {seed}: {verdict}");
        }

        Assert.True(planted > 20, $"only {planted} planted");
    }

    [Fact]
    public void An_element_taken_out_of_every_later_read_is_always_found()
    {
        var planted = 0;
        for (var seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var calls = new AtomicObject(random).History(8, 200, isList: true, unknownChance: 0.05);
            var last = calls.Where(call => call.Outcome is Outcome.Listed).MaxBy(call => call.InvokedMicroseconds)!;
            var lost = calls.Where(call => call.Request is Request.Append && call.ReturnedMicroseconds < last.InvokedMicroseconds).ToList();
            if (lost.Count == 0) continue;
            planted++;
            var element = ((Request.Append)lost[random.Next(lost.Count)].Request).Element;
            calls = [.. calls.Select(call => call.Outcome is Outcome.Listed listed ? call with { Outcome = new Outcome.Listed([.. listed.Elements.Where(other => other != element)]) } : call)];
            Assert.IsType<Verdict.NotLinearizable>(LinearizabilityChecker.Check(calls));
        }

        Assert.True(planted > 30, $"only {planted} planted");
    }

    [Fact]
    public void The_report_names_the_key_and_only_the_calls_that_contradict_each_other()
    {
        var calls = new List<Call> { Write(1, "a", 0, 10), Read(5, "a", 11, 12), Write(1, "b", 11, 20), Read(6, "b", 21, 22), Read(2, "a", 21, 30), Read(6, "a", 31, 32), Write(4, "c", 40, 50) };
        calls.AddRange(calls.Select(call => call with { Key = "j" }).Take(4).ToList());
        Assert.Equal(
            """
            key k is not linearizable: no order of these 3 calls explains what they saw
              client 1     0.000000 –   0.000010 s  write "a" → done
              client 1     0.000011 –   0.000020 s  write "b" → done
              client 2     0.000021 –   0.000030 s  read → found "a"

            """,
            LinearizabilityChecker.Check(calls).ToString());
    }

    [Fact]
    public void A_key_with_too_many_overlapping_calls_is_undecided_and_not_accepted()
    {
        // Thirty writers at once, and a read that none of them explains: every set of them must be tried.
        var calls = Enumerable.Range(0, 30).Select(client => Write(client, $"v{client}", 0, 100)).Append(Read(31, "z", 200, 210));
        Assert.IsType<Verdict.Undecided>(LinearizabilityChecker.Check(calls));
    }

    private static Call Write(int client, string? value, long invoked, long returned) => new(client, "k", new Request.Write(value), invoked, returned, Done);

    private static Call Read(int client, string? value, long invoked, long returned) => new(client, "k", new Request.Read(), invoked, returned, new Outcome.Found(value));

    private static Call Set(int client, string? expected, string? value, long invoked, long returned, Outcome outcome) => new(client, "k", new Request.CompareAndSet(expected, value), invoked, returned, outcome);

    private static Call Append(int client, string element, long invoked, long returned) => new(client, "k", new Request.Append(element), invoked, returned, Done);

    private static Call List(int client, string elements, long invoked, long returned) => new(client, "k", new Request.Read(), invoked, returned, new Outcome.Listed(elements.Split(' ')));

    private static void Accept(params Call[] calls) => Assert.IsType<Verdict.Linearizable>(LinearizabilityChecker.Check(calls));

    private static void Refuse(params Call[] calls) => Assert.IsType<Verdict.NotLinearizable>(LinearizabilityChecker.Check(calls));

    // Another answer for one call, which may or may not have an explanation.
    private static List<Call> Spoil(List<Call> calls, Random random)
    {
        var at = random.Next(calls.Count);
        var spoiled = calls[at].Outcome switch
        {
            Outcome.Found => calls[at] with { Outcome = new Outcome.Found($"v{random.Next(3)}") },
            Outcome.Listed listed => calls[at] with { Outcome = new Outcome.Listed([.. listed.Elements.Take(random.Next(listed.Elements.Count + 1))]) },
            Outcome.Done => calls[at] with { Outcome = new Outcome.Refused() },
            _ => calls[at],
        };
        return [.. calls.Select((call, position) => position == at ? spoiled : call)];
    }

    // Some read is given a value that was certainly overwritten before it began; values are unique, so nothing can explain it.
    private static Call? PlantStaleRead(List<Call> calls, Random random)
    {
        var writes = calls.Where(call => call is { Request: Request.Write { Value: not null }, Outcome: Outcome.Done }).ToList();
        foreach (var read in calls.Where(call => call.Request is Request.Read && call.IsCertain).OrderBy(_ => random.Next()).ToList())
        {
            var over = writes.Where(write => write.ReturnedMicroseconds < read.InvokedMicroseconds).OrderBy(_ => random.Next()).FirstOrDefault();
            var old = over is null ? null : writes.Find(write => write.ReturnedMicroseconds < over.InvokedMicroseconds);
            if (old is null) continue;
            var stale = read with { Outcome = new Outcome.Found(((Request.Write)old.Request).Value) };
            calls[calls.IndexOf(read)] = stale;
            return stale;
        }

        return null;
    }
}
