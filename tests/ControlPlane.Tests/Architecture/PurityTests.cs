using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace ControlPlane.Tests.Architecture;

/// <summary>Reads the built assemblies of the pure projects: what they do not name, they cannot do. This sees <c>lock</c> and <c>async</c>,
/// which the analyzer does not.</summary>
public sealed class PurityTests
{
    private static readonly string[] BannedNamespaces = ["System.Threading", "System.IO", "System.Net", "Microsoft.Win32", "System.Diagnostics.Process"];

    private static readonly string[] BannedTypes =
    [
        "System.Random", "System.TimeProvider", "System.Diagnostics.Stopwatch", "System.Security.Cryptography.RandomNumberGenerator",
        "System.Runtime.CompilerServices.AsyncTaskMethodBuilder", "System.Runtime.CompilerServices.AsyncTaskMethodBuilder`1",
        "System.Runtime.CompilerServices.AsyncValueTaskMethodBuilder", "System.Console",
    ];

    private static readonly string[] BannedMembers =
    [
        "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTimeOffset.get_Now", "System.DateTimeOffset.get_UtcNow",
        "System.Environment.get_TickCount", "System.Environment.get_TickCount64", "System.Guid.NewGuid", "System.Guid.CreateVersion7",
    ];

    // Api holds the contract of controllers and clients, whose signatures are asynchronous, and reads its own embedded facts.
    // No async method can hide behind these: the method builders above stay banned.
    private static readonly string[] AllowedInApi =
    [
        "System.Threading.Tasks.Task", "System.Threading.Tasks.Task`1", "System.Threading.Tasks.ValueTask", "System.Threading.Tasks.ValueTask`1",
        "System.Threading.CancellationToken", "System.IO.Stream",
    ];

    public static TheoryData<string> PureProjects() => ["Raft", "Store", "Scheduler", "Api"];

    [Theory]
    [MemberData(nameof(PureProjects))]
    public void A_pure_project_names_no_clock_task_lock_file_socket_or_chance(string project)
    {
        var impure = Names(Path.Combine(AppContext.BaseDirectory, $"ControlPlane.{project}.dll"))
            .Where(name => !(project == "Api" && AllowedInApi.Contains(name)))
            .Where(IsBanned)
            .Distinct()
            .Order(StringComparer.Ordinal);
        Assert.Empty(impure);
    }

    [Fact]
    public void The_test_sees_impurity_where_it_is()
    {
        // The disk project must be caught by the same eyes, or the eyes are blind.
        Assert.Contains(Names(Path.Combine(AppContext.BaseDirectory, "ControlPlane.Wal.dll")), IsBanned);
    }

    private static bool IsBanned(string name) =>
        BannedTypes.Contains(name) || BannedMembers.Contains(name) ||
        BannedNamespaces.Any(banned => name.StartsWith(banned + ".", StringComparison.Ordinal));

    private static IEnumerable<string> Names(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        var names = new List<string>();
        foreach (var handle in metadata.TypeReferences) names.Add(NameOf(metadata, handle));
        foreach (var handle in metadata.MemberReferences)
        {
            var member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind == HandleKind.TypeReference)
            {
                names.Add($"{NameOf(metadata, (TypeReferenceHandle)member.Parent)}.{metadata.GetString(member.Name)}");
            }
        }

        return names.Where(name => !IsMemberOfType(name, names));
    }

    // "System.IO.Stream.Read" is covered by the judgement on "System.IO.Stream".
    private static bool IsMemberOfType(string name, List<string> names) =>
        !BannedMembers.Contains(name) && name.LastIndexOf('.') is > 0 and var dot && names.Contains(name[..dot]);

    private static string NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        var space = metadata.GetString(type.Namespace);
        var name = metadata.GetString(type.Name);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? $"{NameOf(metadata, (TypeReferenceHandle)type.ResolutionScope)}+{name}"
            : $"{space}.{name}";
    }
}
