using ControlPlane.Controllers.Scheduling;
using ControlPlane.Scheduler.Columns;

namespace ControlPlane.Tests.Controllers.Scheduling;

public sealed class PodClassesTests
{
    private const string Plain =
        "{'containers':[{'name':'a','image':'x','resources':{'requests':{'cpu':'1','memory':'1Gi'}}}],'nodeSelector':{'a':'1','b':'2'}}";

    private readonly PodClasses _classes = new(new NodeTable());

    [Theory]
    [InlineData("names, images and commands", "{'containers':[{'name':'b','image':'y','command':['z'],'resources':{'requests':{'cpu':'1','memory':'1Gi'}}}],'nodeSelector':{'a':'1','b':'2'}}")]
    [InlineData("other words for the same amounts", "{'containers':[{'resources':{'requests':{'cpu':'1000m','memory':'1024Mi'}}}],'nodeSelector':{'a':'1','b':'2'}}")]
    [InlineData("spread over containers", "{'containers':[{'resources':{'requests':{'cpu':'1'}}},{'resources':{'limits':{'memory':'1Gi'}}}],'nodeSelector':{'a':'1','b':'2'}}")]
    [InlineData("the order of labels", "{'containers':[{'resources':{'requests':{'memory':'1Gi','cpu':'1'}}}],'nodeSelector':{'b':'2','a':'1'}}")]
    [InlineData("priority, which orders pods and chooses no node", "{'priority':7,'containers':[{'resources':{'requests':{'cpu':'1','memory':'1Gi'}}}],'nodeSelector':{'a':'1','b':'2'}}")]
    public void Pods_that_differ_in_nothing_the_scheduler_looks_at_are_one_class(string difference, string spec) =>
        Assert.True(ReferenceEquals(ClassOf(Plain), ClassOf(spec)), difference);

    [Fact]
    public void Pods_that_differ_in_anything_the_scheduler_looks_at_are_classes_of_their_own()
    {
        string[] specs =
        [
            "{}",
            Given.Asking("1"),
            Given.Asking("2"),
            Given.Asking("1", "'overhead':{'cpu':'1m'}"),
            Given.Asking("1", "'nodeSelector':{'a':'1'}"),
            Given.Asking("1", "'nodeSelector':{'a':'2'}"),
            Given.Asking("1", "'nodeSelector':{'a':'1','b':'1'}"),
            Given.Asking("1", "'tolerations':[{'key':'a','operator':'Exists'}]"),
            Given.Asking("1", "'tolerations':[{'key':'b','operator':'Exists'}]"),
            Given.Asking("1", "'tolerations':[{'key':'a','value':'v'}]"),
            Given.Asking("1", "'tolerations':[{'key':'a','operator':'Exists','effect':'NoSchedule'}]"),
            Given.Asking("1", Affinity("In", "'x'")),
            Given.Asking("1", Affinity("In", "'y'")),
            Given.Asking("1", Affinity("NotIn", "'x'")),
            Given.Asking("1", "'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'z','whenUnsatisfiable':'DoNotSchedule'}]"),
            "{'containers':[{'ports':[{'hostPort':80}],'resources':{'requests':{'cpu':'1'}}}]}",
            "{'containers':[{'ports':[{'hostPort':81}],'resources':{'requests':{'cpu':'1'}}}]}",
            "{'containers':[{'ports':[{'hostPort':80,'protocol':'UDP'}],'resources':{'requests':{'cpu':'1'}}}]}",
        ];
        Assert.Equal(specs.Length, specs.Select(ClassOf).Distinct().Count());
    }

    [Fact]
    public void A_constraint_that_cannot_be_checked_is_said_and_a_wish_is_none()
    {
        const string Terms = "DuringSchedulingIgnoredDuringExecution':[{'labelSelector':{},'topologyKey':'k'}]}}";
        Assert.Equal("required pod anti-affinity is not offered yet", UnsupportedOf("'affinity':{'podAntiAffinity':{'required" + Terms));
        Assert.Equal("required pod affinity is not offered yet", UnsupportedOf("'affinity':{'podAffinity':{'required" + Terms));
        Assert.Null(UnsupportedOf("'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'z','whenUnsatisfiable':'ScheduleAnyway'}]"));
        Assert.NotNull(UnsupportedOf("'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'z','whenUnsatisfiable':'DoNotSchedule'}]"));
    }

    [Fact]
    public void Only_pods_that_ask_for_neither_cpu_nor_memory_are_spread()
    {
        Assert.True(ClassOf("{'containers':[{}]}").IsSpreading);
        Assert.False(ClassOf(Given.Asking("1m")).IsSpreading);
        Assert.False(ClassOf("{'containers':[{'resources':{'requests':{'memory':'1'}}}]}").IsSpreading);
    }

    private ControlPlane.Scheduler.Rounds.PodClass ClassOf(string spec) => _classes.Of(Given.Pod("p", spec).As<ControlPlane.Api.Kinds.Pod>());

    private string? UnsupportedOf(string more) => ClassOf(Given.Asking("1", more)).Constraints.Unsupported;

    private static string Affinity(string how, string value) =>
        "'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':[{'matchExpressions':[{'key':'k','operator':'" + how + "','values':[" + value + "]}]}]}}}";
}
