using System.Text;
using System.Text.Json;
using ControlPlane.Agent.Pods;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Tests.Agent.Pods;

public sealed class PodMachineTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    // | policy    | exit code | phase     | restarts |
    [Theory]
    [InlineData("Never", 0, "Succeeded", false)]
    [InlineData("Never", 1, "Failed", false)]
    [InlineData("OnFailure", 0, "Succeeded", false)]
    [InlineData("OnFailure", 1, "Running", true)]
    [InlineData("Always", 0, "Running", true)]
    [InlineData("Always", 1, "Running", true)]
    public void The_restart_policy_decides_what_follows_an_exit(string policy, int exitCode, string phase, bool restarts)
    {
        var play = new Play($$"""{"restartPolicy":"{{policy}}","containers":[{"name":"a"}]}""");
        Assert.Equal("start 0/0", play.Decide());
        play.Run(0, 0);
        Assert.Equal("Running", play.Phase);
        play.Tell(new PodInput.Exited(0, 0, exitCode, play.Now));
        Assert.Equal(restarts ? "start 0/1" : "", play.Decide());
        Assert.Equal(phase, play.Phase);
    }

    [Fact]
    public void Crashes_are_restarted_at_once_then_after_10_20_40_seconds_up_to_5_minutes_and_a_long_run_forgives()
    {
        var play = new Play("""{"restartPolicy":"Always","containers":[{"name":"a"}]}""");
        play.Decide();
        var pauses = new List<double>();
        for (var attempt = 0; attempt < 8; attempt++)
        {
            play.Run(0, attempt);
            play.Tell(new PodInput.Exited(0, attempt, 1, play.Now));
            var ended = play.Now;
            while (play.Decide() != $"start 0/{attempt + 1}") play.Now = play.WakeAt!.Value;
            pauses.Add((play.Now - ended).TotalSeconds);
        }

        Assert.Equal([0, 10, 20, 40, 80, 160, 300, 300], pauses);
        play.Run(0, 8);
        play.Now += PodMachine.BackoffReset;
        play.Tell(new PodInput.Exited(0, 8, 1, play.Now));
        Assert.Equal("start 0/9", play.Decide());
    }

    [Fact]
    public void Init_containers_come_one_after_the_other_and_a_failed_one_ends_the_pod()
    {
        var play = new Play("""{"restartPolicy":"Never","initContainers":[{"name":"i"},{"name":"j"}],"containers":[{"name":"a"},{"name":"b"}]}""");
        Assert.Equal("start 0/0", play.Decide());
        play.Run(0, 0);
        Assert.Equal("", play.Decide());
        play.Tell(new PodInput.Exited(0, 0, 0, play.Now));
        Assert.Equal("start 1/0", play.Decide());
        Assert.Equal("Pending", play.Phase);
        play.Run(1, 0);
        play.Tell(new PodInput.Exited(1, 0, 5, play.Now));
        Assert.Equal("", play.Decide());
        Assert.Equal("Failed", play.Phase);
        Assert.True(play.State.IsOver);
    }

    [Fact]
    public void A_sidecar_starts_first_stays_and_ends_last()
    {
        var play = new Play("""{"restartPolicy":"Never","initContainers":[{"name":"s","restartPolicy":"Always"}],"containers":[{"name":"a"}]}""");
        Assert.Equal("start 0/0", play.Decide());
        play.Run(0, 0);
        Assert.Equal("start 1/0", play.Decide());
        play.Run(1, 0);
        play.Tell(new PodInput.Exited(1, 0, 0, play.Now));
        Assert.Equal("term 0/0", play.Decide());
        Assert.False(play.State.IsOver);
        play.Tell(new PodInput.Exited(0, 0, 143, play.Now));
        play.Decide();
        Assert.Equal("Succeeded", play.Phase);
    }

    [Fact]
    public void A_deleted_pod_is_asked_once_and_killed_once_when_its_grace_is_over()
    {
        var play = new Play("""{"restartPolicy":"Always","containers":[{"name":"a"}]}""");
        play.Decide();
        play.Run(0, 0);
        play.Tell(new PodInput.Stop(StopCause.Deleted, TimeSpan.FromSeconds(30)));
        Assert.Equal("term 0/0", play.Decide());
        Assert.Equal(play.Now.AddSeconds(30), play.WakeAt);
        Assert.Equal("", play.Decide());
        play.Now = play.WakeAt!.Value;
        Assert.Equal("kill 0/0", play.Decide());
        Assert.Equal("", play.Decide());
        play.Tell(new PodInput.Exited(0, 0, 137, play.Now));
        Assert.Equal("", play.Decide());
        Assert.True(play.State.IsOver);
        Assert.Equal("Failed", play.Phase);
    }

    [Fact]
    public void A_second_deletion_can_shorten_the_grace_and_not_lengthen_it()
    {
        var play = new Play("""{"containers":[{"name":"a"}]}""");
        play.Decide();
        play.Run(0, 0);
        play.Tell(new PodInput.Stop(StopCause.Deleted, TimeSpan.FromSeconds(30)));
        Assert.Equal("term 0/0", play.Decide());
        play.Tell(new PodInput.Stop(StopCause.Deleted, TimeSpan.FromSeconds(100)));
        play.Decide();
        Assert.Equal(play.Now.AddSeconds(30), play.WakeAt);
        play.Tell(new PodInput.Stop(StopCause.Deleted, TimeSpan.Zero));
        Assert.Equal("kill 0/0", play.Decide());
    }

    [Fact]
    public void A_pod_past_its_deadline_fails_even_if_its_program_ends_well()
    {
        var play = new Play("""{"restartPolicy":"Never","activeDeadlineSeconds":5,"terminationGracePeriodSeconds":2,"containers":[{"name":"a"}]}""");
        play.Decide();
        play.Run(0, 0);
        play.Decide();
        Assert.Equal(Start.AddSeconds(5), play.WakeAt);
        play.Now = play.WakeAt!.Value;
        Assert.Equal("term 0/0", play.Decide());
        play.Tell(new PodInput.Exited(0, 0, 0, play.Now));
        play.Decide();
        Assert.Equal("Failed", play.Phase);
        Assert.Equal("DeadlineExceeded", play.Status.GetProperty("reason").GetString());
    }

    [Fact]
    public void A_container_that_is_starting_when_the_pod_is_deleted_is_ended_when_it_runs()
    {
        var play = new Play("""{"containers":[{"name":"a"}]}""");
        Assert.Equal("start 0/0", play.Decide());
        play.Tell(new PodInput.Stop(StopCause.Deleted, TimeSpan.FromSeconds(1)));
        Assert.Equal("", play.Decide());
        Assert.False(play.State.IsOver);
        play.Run(0, 0);
        Assert.Equal("term 0/0", play.Decide());
    }

    [Fact]
    public void What_is_missing_is_tried_again_and_does_not_count_as_a_restart()
    {
        var play = new Play("""{"containers":[{"name":"a"}]}""");
        play.Decide();
        play.Tell(new PodInput.NotStarted(0, 0, false, 0, "CreateContainerConfigError", "configmap \"x\" not found", TimeSpan.FromSeconds(5)));
        Assert.Equal("", play.Decide());
        Assert.Equal("CreateContainerConfigError", play.Status.GetProperty("containerStatuses")[0].GetProperty("state").GetProperty("waiting").GetProperty("reason").GetString());
        play.Now = play.WakeAt!.Value;
        Assert.Equal("start 0/0", play.Decide());
    }

    [Fact]
    public void News_of_an_earlier_run_change_nothing()
    {
        var play = new Play("""{"restartPolicy":"Always","containers":[{"name":"a"}]}""");
        play.Decide();
        play.Run(0, 0);
        play.Tell(new PodInput.Exited(0, 0, 1, play.Now));
        play.Decide();
        play.Run(0, 1);
        var before = play.State;
        play.Tell(new PodInput.Exited(0, 0, 1, play.Now));
        Assert.Same(before, play.State);
    }

    [Fact]
    public void Readiness_follows_the_probe_where_there_is_one()
    {
        var play = new Play("""{"containers":[{"name":"a","readinessProbe":{"exec":{"command":["x"]}}},{"name":"b"}]}""");
        play.Decide();
        play.Run(0, 0);
        play.Run(1, 0);
        play.Decide();
        Assert.Equal("False ContainersNotReady", play.Condition("Ready"));
        play.Tell(new PodInput.Probed(0, 0, HasStarted: true, IsReady: true));
        play.Decide();
        Assert.Equal("True ", play.Condition("Ready"));
    }

    [Fact]
    public void A_state_survives_its_own_file()
    {
        var play = new Play("""{"restartPolicy":"Always","containers":[{"name":"a"}]}""");
        play.Decide();
        play.Run(0, 0);
        play.Tell(new PodInput.Exited(0, 0, 1, play.Now, null, "why"));
        play.Tell(new PodInput.Stop(StopCause.Deleted, TimeSpan.FromSeconds(3)));
        play.Decide();
        var bytes = JsonSerializer.SerializeToUtf8Bytes(play.State, PodStateJson.Default.PodState);
        var back = JsonSerializer.Deserialize(bytes, PodStateJson.Default.PodState)!;
        Assert.Equal(Encoding.UTF8.GetString(bytes), JsonSerializer.Serialize(back, PodStateJson.Default.PodState));
        Assert.Equal(play.State.Containers[0], back.Containers[0]);
        Assert.Equal(play.State.Stop, back.Stop);
    }

    /// <summary>A pod, its state and a clock that moves when told.</summary>
    private sealed class Play(string spec)
    {
        private readonly Pod _pod = JsonSerializer.Deserialize($$$"""{"metadata":{"name":"p","namespace":"d","uid":"u"},"spec":{{{spec}}}}""", Pod.TypeInfo)!;
        private PodState? _state;

        public DateTimeOffset Now { get; set; } = Start;

        public DateTimeOffset? WakeAt { get; private set; }

        public PodState State => _state ??= PodMachine.Accept(_pod, Now);

        public string Phase => PodStatusDocument.PhaseOf(_pod, State);

        public JsonElement Status => JsonDocument.Parse(PodStatusDocument.Render(_pod, State, "test", "10.0.0.1")["status"]!.ToJsonString()).RootElement;

        public string Decide()
        {
            var decision = PodMachine.Decide(_pod, State, Now);
            _state = PodStatusDocument.MarkConditions(_pod, decision.State, Now);
            WakeAt = decision.WakeAt;
            return string.Join(", ", decision.Actions.Select(action => action switch
            {
                PodAction.Start start => $"start {start.Container}/{start.Attempt}",
                PodAction.Signal signal => $"{(signal.IsKill ? "kill" : "term")} {signal.Container}/{signal.Attempt}",
                _ => action.ToString(),
            }));
        }

        public void Tell(PodInput input) => _state = PodMachine.Fold(_pod, State, input, Now);

        public void Run(int container, int attempt) => Tell(new PodInput.Started(container, attempt, Now));

        public string Condition(string type)
        {
            var condition = Status.GetProperty("conditions").EnumerateArray().First(condition => condition.GetProperty("type").GetString() == type);
            return $"{condition.GetProperty("status").GetString()} {condition.GetProperty("reason").GetString()}";
        }
    }
}
