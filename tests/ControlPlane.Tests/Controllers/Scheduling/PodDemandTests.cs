using ControlPlane.Controllers.Scheduling;

namespace ControlPlane.Tests.Controllers.Scheduling;

public sealed class PodDemandTests
{
    [Theory]
    [InlineData("nothing asked is one pod", "{'containers':[{}]}", "pods=1")]
    [InlineData("containers add up; cpu in millicores, memory in bytes, part of a unit rounded up",
        "{'containers':[{'resources':{'requests':{'cpu':'250m','memory':'1Ki'}}},{'resources':{'requests':{'cpu':'1.5','memory':'1500m'}}}]}", "cpu=1750 memory=1026 pods=1")]
    [InlineData("a limit without a request is a request", "{'containers':[{'resources':{'limits':{'cpu':'2','example.com/gpu':'1'},'requests':{'cpu':'1'}}}]}",
        "cpu=1000 example.com/gpu=1 pods=1")]
    [InlineData("an init container that asks for less than the containers changes nothing",
        "{'containers':[{'resources':{'requests':{'cpu':'3'}}}],'initContainers':[{'resources':{'requests':{'cpu':'2'}}},{'resources':{'requests':{'cpu':'2'}}}]}", "cpu=3000 pods=1")]
    [InlineData("the largest init container raises what it alone needs",
        "{'containers':[{'resources':{'requests':{'cpu':'1','memory':'5'}}}],'initContainers':[{'resources':{'requests':{'cpu':'2'}}},{'resources':{'requests':{'cpu':'4','memory':'2'}}}]}",
        "cpu=4000 memory=5 pods=1")]
    [InlineData("a sidecar runs beside the containers",
        "{'containers':[{'resources':{'requests':{'cpu':'1'}}}],'initContainers':[{'restartPolicy':'Always','resources':{'requests':{'cpu':'2'}}}]}", "cpu=3000 pods=1")]
    [InlineData("an init container runs beside the sidecars started before it, not beside those after it",
        "{'containers':[{'resources':{'requests':{'cpu':'1'}}}],'initContainers':[{'restartPolicy':'Always','resources':{'requests':{'cpu':'2'}}},{'resources':{'requests':{'cpu':'5'}}},{'restartPolicy':'Always','resources':{'requests':{'cpu':'3'}}}]}",
        "cpu=7000 pods=1")]
    [InlineData("overhead comes on top of whichever is more",
        "{'overhead':{'cpu':'250m','memory':'10'},'containers':[{'resources':{'requests':{'cpu':'1'}}}],'initContainers':[{'resources':{'requests':{'cpu':'2'}}}]}",
        "cpu=2250 memory=10 pods=1")]
    [InlineData("host ports, of containers and of sidecars, once each",
        "{'containers':[{'ports':[{'containerPort':1,'hostPort':80},{'containerPort':2,'hostPort':80,'protocol':'UDP'},{'containerPort':3}]},{'ports':[{'hostPort':80,'hostIP':'127.0.0.1'}]}],'initContainers':[{'restartPolicy':'Always','ports':[{'hostPort':81}]},{'ports':[{'hostPort':82}]}]}",
        "hostPort/TCP/80=1 hostPort/TCP/81=1 hostPort/UDP/80=1 pods=1")]
    public void A_pod_takes_what_it_needs_at_its_greediest(string claim, string spec, string demand) =>
        Assert.True(demand == string.Join(' ', PodDemand.Of(Given.Spec(spec)).Select(amount => $"{amount.Key}={amount.Value}")), claim);
}
