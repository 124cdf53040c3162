using System.Diagnostics;
using System.Reflection;
using BenchmarkDotNet.Attributes;

namespace ControlPlane.Benchmarks.Smoke;

/// <summary>Runs every benchmark of the assembly small: that it works, gives the same answer twice, and allocates no more than its budget.</summary>
/// <remarks>A benchmark is an ordinary BenchmarkDotNet class; each method returns its answer (any value; its text is hashed), so that work cannot be
/// optimised away and a wrong answer is not measured as a fast one. Times printed here are no measurement.</remarks>
internal static class SmokeRun
{
    private const int CountedRuns = 2;

    /// <returns>The exit code: 0, or 1 when something failed.</returns>
    public static int Run(Assembly assembly, TextWriter output)
    {
        var budgets = Budgets.Load(Path.Combine(AppContext.BaseDirectory, "budgets.json"));
        var seen = new HashSet<string>();
        var failures = 0;
        foreach (var type in assembly.GetTypes().Where(type => !type.IsAbstract).OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            foreach (var method in type.GetMethods().Where(method => method.GetCustomAttribute<BenchmarkAttribute>() is not null))
            {
                foreach (var parameters in Combinations(type))
                {
                    var name = $"{type.Name}.{method.Name}{Text(parameters)}";
                    seen.Add(name);
                    if (!RunOne(name, type, method, parameters, budgets, output)) failures++;
                }
            }
        }

        foreach (var stale in budgets.Names.Except(seen))
        {
            output.WriteLine($"FAIL {stale}: has a budget but does not exist");
            failures++;
        }

        output.WriteLine($"{seen.Count} benchmarks, {failures} failed");
        return failures == 0 && seen.Count > 0 ? 0 : 1;
    }

    private static bool RunOne(
        string name, Type type, MethodInfo method, IReadOnlyDictionary<PropertyInfo, object> parameters, Budgets budgets, TextWriter output)
    {
        try
        {
            // Twice from the start: both must say the same, and the second, compiled by then, is counted.
            var first = Measure(type, method, parameters, isCounted: false);
            var second = Measure(type, method, parameters, isCounted: true);
            var operations = method.GetCustomAttribute<BenchmarkAttribute>()!.OperationsPerInvoke;
            var allocated = (double)second.AllocatedBytes / operations;
            var complaint = first.Answer != second.Answer ? $"answered {first.Answer:x16}, then {second.Answer:x16}" : budgets.Complaint(name, allocated);
            if (complaint is not null)
            {
                output.WriteLine($"FAIL {name}: {complaint}");
                return false;
            }

            var remark = budgets.IsGenerous(name, allocated) ? "  (the budget can be lowered)" : "";
            output.WriteLine($"ok   {name}: answer {second.Answer:x16}, {allocated:0.#} bytes and about {second.Elapsed.TotalMicroseconds / operations:0.##} us an operation{remark}");
            return true;
        }
        catch (Exception exception)
        {
            // One benchmark's failure is a result; the others are still wanted.
            output.WriteLine($"FAIL {name}: {exception.GetBaseException()}");
            return false;
        }
    }

    private static (ulong Answer, long AllocatedBytes, TimeSpan Elapsed) Measure(
        Type type, MethodInfo method, IReadOnlyDictionary<PropertyInfo, object> parameters, bool isCounted)
    {
        var instance = Activator.CreateInstance(type)!;
        foreach (var (property, value) in parameters) property.SetValue(instance, value);
        InvokeAll<GlobalSetupAttribute>(instance);
        try
        {
            var answer = Hash(method.Invoke(instance, null));
            if (!isCounted) return (answer, 0, TimeSpan.Zero);
            // Again on the same state: buffers have grown to their size by now. The least of a few counts: on a busy machine the runtime now and
            // then does work of its own on this thread.
            var (least, fastest) = (long.MaxValue, TimeSpan.MaxValue);
            for (var count = 0; count < CountedRuns; count++)
            {
                var clock = Stopwatch.StartNew();
                var before = GC.GetAllocatedBytesForCurrentThread();
                method.Invoke(instance, null);
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
                if (clock.Elapsed < fastest) fastest = clock.Elapsed;
            }

            return (answer, least, fastest);
        }
        finally
        {
            InvokeAll<GlobalCleanupAttribute>(instance);
        }
    }

    private static void InvokeAll<TAttribute>(object instance)
        where TAttribute : Attribute
    {
        foreach (var method in instance.GetType().GetMethods().Where(method => method.GetCustomAttribute<TAttribute>() is not null))
            method.Invoke(instance, null);
    }

    private static IEnumerable<IReadOnlyDictionary<PropertyInfo, object>> Combinations(Type type)
    {
        IEnumerable<Dictionary<PropertyInfo, object>> combinations = [[]];
        foreach (var property in type.GetProperties().OrderBy(property => property.Name, StringComparer.Ordinal))
        {
            if (property.GetCustomAttribute<ParamsAttribute>() is not { } values) continue;
            combinations = combinations
                .SelectMany(known => values.Values.Select(value => new Dictionary<PropertyInfo, object>(known) { [property] = value! }))
                .ToList();
        }

        return combinations;
    }

    private static string Text(IReadOnlyDictionary<PropertyInfo, object> parameters) =>
        parameters.Count == 0 ? "" : $"({string.Join(", ", parameters.Select(pair => $"{pair.Key.Name}={pair.Value}"))})";

    /// <summary>FNV-1a over the answer's text.</summary>
    private static ulong Hash(object? answer)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in Convert.ToString(answer, System.Globalization.CultureInfo.InvariantCulture) ?? "") hash = (hash ^ character) * 1099511628211UL;
        return hash;
    }
}
