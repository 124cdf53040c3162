using ControlPlane.Api.Clients;
using ControlPlane.Api.Resources;

namespace ControlPlane.ApiServer.Watches;

/// <summary>A change as one watcher sees it.</summary>
/// <param name="UsesPrevious">Whether the event shows the state before the change: it left the watcher's sight.</param>
internal readonly record struct SelectedChange(WatchEventType Type, ObjectChange Change, bool UsesPrevious)
{
    public ResourceObject Object => UsesPrevious ? Change.Previous : Change.Current;

    public EncodedForms Forms => Change.Forms(UsesPrevious);

    public long Revision => Change.Revision;
}
