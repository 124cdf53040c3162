using ControlPlane.Benchmarks.Nemesis.Disks;
using ControlPlane.Benchmarks.Nemesis.Network;
using ControlPlane.Benchmarks.Nemesis.Targets;
using ControlPlane.Harness;

namespace ControlPlane.Benchmarks.Nemesis;

/// <summary>The processes the nemesis works on, with the network between them and the disks below them.</summary>
internal sealed class Members : IAsyncDisposable
{
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(10);

    private readonly Layout _layout;
    private readonly string? _faultLibrary;
    private readonly BinaryProcess?[] _processes;
    private readonly IReadOnlyList<int>?[] _joins;
    private readonly FaultPage[] _pages;
    private readonly bool[] _isPaused;

    private Members(ITarget target, Layout layout, string? faultLibrary)
    {
        (Target, _layout, _faultLibrary) = (target, layout, faultLibrary);
        _processes = new BinaryProcess?[layout.Count];
        _joins = new IReadOnlyList<int>?[layout.Count];
        _isPaused = new bool[layout.Count];
        _pages = [.. Enumerable.Range(0, layout.Count).Select(member => new FaultPage(layout.Scratch[$"faults-{member}"]))];
        // Whoever interrupts a run does not want its members to go on, some of them paused for ever.
        AppDomain.CurrentDomain.ProcessExit += KillAll;
        Network = new([.. layout.ProxyPorts.Zip(layout.PeerPorts)], Running);
    }

    public ITarget Target { get; }

    public MemberNetwork Network { get; }

    /// <summary>Spare ones included.</summary>
    public int Count => _layout.Count;

    public int FirstCount => _layout.FirstCount;

    public Layout Layout => _layout;

    public bool HasFaultLibrary => _faultLibrary is not null;

    public static async Task<Members> StartAsync(ITarget target, Layout layout)
    {
        await target.PrepareAsync(layout);
        var members = new Members(target, layout, target.TakesFaultLibrary ? await FaultLibrary.CompileAsync(layout.Scratch.Folder) : null);
        for (var member = 0; member < layout.FirstCount; member++) members.Start(member);
        return members;
    }

    public string ClientUrl(int member) => _layout.ClientUrl(member);

    public FaultPage Disk(int member) => _pages[member];

    public bool IsRunning(int member) => _processes[member] is { HasExited: false };

    public bool IsPaused(int member) => _isPaused[member];

    /// <summary>How a member ended that nobody killed; null while it runs.</summary>
    public string? EndOf(int member) => _processes[member] is { HasExited: true } ended ? $"exit code {ended.ExitCode}: {Reason(ended.Output)}" : null;

    public string LastLines(int member) => _processes[member] is { } process ? LastLines(process.Output) : "never started";

    /// <param name="joins">For a spare member, at its first start: who is in the group that it was added to, itself included.</param>
    public void Start(int member, IReadOnlyList<int>? joins = null)
    {
        _joins[member] = joins ?? _joins[member];
        var (program, arguments) = Target.StartOf(_layout, member, _joins[member]);
        var environment = new Dictionary<string, string> { ["DOTNET_TieredPGO"] = "0" };
        if (_faultLibrary is not null) (environment["LD_PRELOAD"], environment["NEMESIS_PAGE"]) = (_faultLibrary, _pages[member].Path);
        _processes[member] = BinaryProcess.Start(program, _layout.Scratch.Folder, environment, arguments);
    }

    public async Task KillAsync(int member)
    {
        if (_processes[member] is not { } process) return;
        process.KillHard();
        await process.WaitForExitAsync(KillPatience);
        _isPaused[member] = false;
        _processes[member] = null;
    }

    public void Pause(int member)
    {
        if (!IsRunning(member)) return;
        _isPaused[member] = true;
        _processes[member]!.Pause();
    }

    public void Resume(int member)
    {
        _isPaused[member] = false;
        _processes[member]?.Resume();
    }

    /// <summary>Its disk is lost with everything on it.</summary>
    public void Wipe(int member)
    {
        foreach (var folder in Directory.EnumerateDirectories(_layout.FolderOf(member)))
        {
            if (Path.GetFileName(folder) != "pki") Directory.Delete(folder, recursive: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= KillAll;
        for (var member = 0; member < Count; member++) await KillAsync(member);
        await Network.DisposeAsync();
        foreach (var page in _pages) page.Dispose();
    }

    private void KillAll(object? sender, EventArgs arguments)
    {
        foreach (var process in _processes) process?.KillHard();
    }

    private IReadOnlyList<(int Member, int Process)> Running() =>
        [.. Enumerable.Range(0, Count).Where(IsRunning).Select(member => (member, _processes[member]!.Id))];

    // A stack says less than the message above it.
    private static string Reason(string output) =>
        output.Split('\n').LastOrDefault(line => line.Contains("must stop") || line.StartsWith("error:") || line.Contains("Exception:"))?.Trim() is { } found ? found[..Math.Min(found.Length, 300)] : LastLines(output);

    private static string LastLines(string output) => string.Join('\n', output.TrimEnd().Split('\n').TakeLast(12).Select(line => "    | " + (line.Length > 240 ? line[..240] : line)));
}
