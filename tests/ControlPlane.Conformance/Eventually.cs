using System.Diagnostics;

namespace ControlPlane.Conformance;

/// <summary>Waits for a state with a deadline, and says what the state was when it did not come.</summary>
internal static class Eventually
{
    public static async Task<T> BecomesAsync<T>(Func<Task<T>> ask, Func<T, bool> wanted, TimeSpan deadline)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            // Every question is a process or a request of its own, so the loop needs no pause.
            var state = await ask();
            if (wanted(state)) return state;
            Assert.True(clock.Elapsed < deadline, $"not reached in {deadline.TotalSeconds} s; the last state was:\n{state}");
        }
    }
}
