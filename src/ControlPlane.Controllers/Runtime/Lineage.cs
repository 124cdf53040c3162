using System.Collections.Immutable;
using System.Text.Json;

namespace ControlPlane.Controllers.Runtime;

/// <summary>What an object's metadata says about whom it belongs to and whether it is leaving: all that the caches' owner index and garbage
/// collection need of any kind, read straight from the JSON so that kinds without a typed view are served too.</summary>
internal sealed record Lineage(ImmutableArray<Lineage.Owner> Owners, ImmutableArray<string> Finalizers, bool IsBeingDeleted)
{
    public static readonly Lineage None = new([], [], false);

    public const string ForegroundFinalizer = "foregroundDeletion";
    public const string OrphanFinalizer = "orphan";

    /// <summary>The uid of the owner with <c>controller: true</c>, or null.</summary>
    public string? ControllerUid
    {
        get
        {
            foreach (var owner in Owners)
            {
                if (owner.IsController) return owner.Uid;
            }

            return null;
        }
    }

    /// <summary>Deleted, and waiting until its dependents are gone.</summary>
    public bool WaitsForDependents => IsBeingDeleted && Finalizers.Contains(ForegroundFinalizer);

    /// <summary>Deleted, and waiting until its dependents have forgotten it.</summary>
    public bool WaitsForOrphaning => IsBeingDeleted && Finalizers.Contains(OrphanFinalizer);

    /// <summary>Whether both say the same; the record's own equality compares the lists by identity.</summary>
    public bool Says(Lineage other) =>
        IsBeingDeleted == other.IsBeingDeleted && Owners.AsSpan().SequenceEqual(other.Owners.AsSpan()) && Finalizers.AsSpan().SequenceEqual(other.Finalizers.AsSpan());

    /// <summary>Reads the metadata of an object; the rest of the document is skipped.</summary>
    public static Lineage Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return None;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("metadata"u8))
            {
                reader.Read();
                return ReadMetadata(ref reader);
            }

            reader.Read();
            reader.Skip();
        }

        return None;
    }

    private static Lineage ReadMetadata(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject) return None;
        var owners = ImmutableArray<Owner>.Empty;
        var finalizers = ImmutableArray<string>.Empty;
        var isBeingDeleted = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("ownerReferences"u8)) owners = ReadOwners(ref reader);
            else if (reader.ValueTextEquals("finalizers"u8)) finalizers = ReadStrings(ref reader);
            else
            {
                var isDeletion = reader.ValueTextEquals("deletionTimestamp"u8);
                reader.Read();
                if (isDeletion) isBeingDeleted = reader.TokenType == JsonTokenType.String;
                reader.Skip();
            }
        }

        // Most objects have neither; one shared instance keeps the caches small.
        return owners.IsEmpty && finalizers.IsEmpty && !isBeingDeleted ? None : new(owners, finalizers, isBeingDeleted);
    }

    private static ImmutableArray<Owner> ReadOwners(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray) return [];
        var owners = ImmutableArray.CreateBuilder<Owner>(1);
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject) owners.Add(ReadOwner(ref reader));
        return owners.DrainToImmutable();
    }

    private static Owner ReadOwner(ref Utf8JsonReader reader)
    {
        string apiVersion = "", kind = "", name = "", uid = "";
        bool isController = false, blocksDeletion = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var property = reader.GetString();
            reader.Read();
            switch (property)
            {
                case "apiVersion": apiVersion = reader.GetString() ?? ""; break;
                case "kind": kind = reader.GetString() ?? ""; break;
                case "name": name = reader.GetString() ?? ""; break;
                case "uid": uid = reader.GetString() ?? ""; break;
                case "controller": isController = reader.TokenType == JsonTokenType.True; break;
                case "blockOwnerDeletion": blocksDeletion = reader.TokenType == JsonTokenType.True; break;
                default: reader.Skip(); break;
            }
        }

        return new(apiVersion, kind, name, uid, isController, blocksDeletion);
    }

    private static ImmutableArray<string> ReadStrings(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray) return [];
        var strings = ImmutableArray.CreateBuilder<string>(1);
        while (reader.Read() && reader.TokenType == JsonTokenType.String) strings.Add(reader.GetString()!);
        return strings.DrainToImmutable();
    }

    /// <summary>One owner reference.</summary>
    internal sealed record Owner(string ApiVersion, string Kind, string Name, string Uid, bool IsController, bool BlocksDeletion);
}
