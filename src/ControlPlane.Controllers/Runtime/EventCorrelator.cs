using System.Globalization;
using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Runtime;

/// <summary>Decides which Event object an occurrence belongs to, by the rules kubectl's users know: the same message again raises the count;
/// after ten different messages for one reason they are combined; after a burst of 25 about one object, one in five minutes is let through.</summary>
/// <remarks>Not thread-safe: the recorder's loop owns it.</remarks>
internal sealed class EventCorrelator
{
    private const int DistinctMax = 10;
    private const int BurstMax = 25;
    private const int SeriesMax = 4096;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan RefillTime = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, Series> _series = [];
    private readonly Dictionary<string, Family> _families = [];
    private readonly Dictionary<string, Allowance> _allowances = [];

    /// <summary>The series with this occurrence counted in, or null when it is not to be told.</summary>
    public Series? Correlate(string component, PlanStep.Event happened, DateTimeOffset now)
    {
        ForgetWhenFull();
        if (!IsAllowed($"{component}|{happened.Uid}|{happened.About}", now)) return null;

        var familyKey = $"{component}|{happened.Uid}|{happened.About}|{happened.Type}|{happened.Reason}";
        var isCombined = IsCombined(familyKey, happened.Message, now);
        var key = isCombined ? familyKey : $"{familyKey}|{happened.Message}";
        var message = isCombined ? $"(combined from similar events): {happened.Message}" : happened.Message;
        if (_series.TryGetValue(key, out var series)) series.Repeat(message, now);
        else _series[key] = series = new(component, happened, StableHash.Of(key), message, now);
        return series;
    }

    private bool IsAllowed(string key, DateTimeOffset now)
    {
        var allowance = _allowances.GetValueOrDefault(key, new(BurstMax, now));
        var refilled = Math.Min(BurstMax, allowance.Left + (now - allowance.At) / RefillTime);
        var isAllowed = refilled >= 1;
        _allowances[key] = new(isAllowed ? refilled - 1 : refilled, now);
        return isAllowed;
    }

    private bool IsCombined(string key, string message, DateTimeOffset now)
    {
        if (!_families.TryGetValue(key, out var family) || now - family.Last > Window) _families[key] = family = new();
        family.Last = now;
        if (family.Messages.Count < DistinctMax) family.Messages.Add(message);
        return !family.Messages.Contains(message);
    }

    // Forgetting costs a repeat of an old event told as new in memory; the object's name still finds it in the store.
    private void ForgetWhenFull()
    {
        if (_series.Count > SeriesMax) _series.Clear();
        if (_families.Count > SeriesMax) _families.Clear();
        if (_allowances.Count > SeriesMax) _allowances.Clear();
    }

    private readonly record struct Allowance(double Left, DateTimeOffset At);

    private sealed class Family
    {
        public HashSet<string> Messages { get; } = [];

        public DateTimeOffset Last { get; set; }
    }

    /// <summary>One Event object: what happened, how often, from when to when.</summary>
    internal sealed class Series(string component, PlanStep.Event happened, ulong hash, string message, DateTimeOffset first)
    {
        public string Component => component;

        public string Reason => happened.Reason;

        /// <summary>Events about cluster-scoped objects live in <c>default</c>.</summary>
        public string Namespace => happened.About.Namespace ?? "default";

        /// <summary>The object's name and a hash of what happened: the same after a change of leader.</summary>
        public string Name { get; } = $"{happened.About.Name}.{hash.ToString("x16", CultureInfo.InvariantCulture)}";

        public int Count { get; private set; } = 1;

        public string Message { get; private set; } = message;

        public DateTimeOffset First { get; private set; } = first;

        public DateTimeOffset Last { get; private set; } = first;

        public bool IsWritten { get; set; }

        public void Repeat(string message, DateTimeOffset now)
        {
            Count++;
            Message = message;
            Last = now;
        }

        /// <summary>Adds what an earlier leader counted.</summary>
        public void ContinueFrom(Event before)
        {
            Count += before.Count ?? 1;
            First = before.FirstTimestamp ?? First;
        }

        public void StartAnew()
        {
            IsWritten = false;
            Count = 1;
            First = Last;
        }

        public Event ToEvent() => new()
        {
            Metadata = new() { Name = Name, Namespace = Namespace },
            InvolvedObject = new()
            {
                Kind = happened.About.Resource.Kind.Kind,
                Namespace = happened.About.Namespace,
                Name = happened.About.Name,
                Uid = happened.Uid,
                ApiVersion = happened.About.Resource.Kind.ApiVersion,
                ResourceVersion = happened.ResourceVersion,
            },
            Reason = happened.Reason,
            Message = Message,
            Source = new() { Component = component },
            FirstTimestamp = First,
            LastTimestamp = Last,
            Count = Count,
            Type = happened.Type,
            ReportingComponent = component,
        };
    }
}
