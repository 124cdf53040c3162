using ControlPlane.Api.Clients;

namespace ControlPlane.Controllers.Runtime;

/// <summary>What the controllers of one leadership term share.</summary>
/// <param name="Client">Where they write.</param>
/// <param name="Informers">What they read.</param>
/// <param name="Events">Where they tell what they did.</param>
/// <param name="Time">Their clock.</param>
/// <param name="Notify">Their log.</param>
public sealed record ControllerContext(
    IResourceClient Client,
    InformerSet Informers,
    EventRecorder Events,
    TimeProvider Time,
    Action<ControllerNotice> Notify);
