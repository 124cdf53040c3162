namespace ControlPlane.Controllers.Runtime;

/// <summary>Something that works while this server leads. Made anew for every term of leadership: it asks for its informers when it is made.</summary>
public interface IController
{
    /// <summary>Names it in logs and as the source of its events.</summary>
    string Name { get; }

    /// <summary>Works until cancelled; then completes, with every task of its own awaited.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
