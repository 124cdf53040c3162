using ControlPlane.Api.Resources;
using ControlPlane.Api.Wire;
using ControlPlane.ApiServer.Http;

namespace ControlPlane.ApiServer.Watches;

/// <summary>One state of one object in the forms watchers ask for, each made when the first of them asks and shared by the rest.</summary>
internal sealed class EncodedForms(ResourceObject source)
{
    private byte[]? _protobuf;
    private Encoded? _metadata;
    private Encoded? _row;

    /// <summary>The object as it goes into a watch event of a form; a Table is only its row.</summary>
    /// <param name="now">For ages; an event shared by watchers shows the age at its first encoding.</param>
    public ReadOnlyMemory<byte> Get(AnswerForm form, DateTimeOffset now)
    {
        if (form.Shape == AnswerShape.Table) return Shared(ref _row, form, () => ObjectForms.TableRow(source, form, now));
        if (form.Shape == AnswerShape.PartialObjectMetadata) return Shared(ref _metadata, form, () => ObjectForms.PartialMetadata(source, form.MetaVersion));
        return form.Media == MediaKind.Protobuf ? _protobuf ??= ProtobufTranscoder.TryEncode(source.ToDocument()) ?? [] : source.Json;
    }

    // One slot is enough: in practice every watcher of a kind asks for the same form. The pair is one object, so that a racing reader sees all or nothing.
    private static byte[] Shared(ref Encoded? slot, AnswerForm form, Func<byte[]> encode)
    {
        var made = Volatile.Read(ref slot);
        if (made is null || made.Form != form) Volatile.Write(ref slot, made = new Encoded(form, encode()));
        return made.Bytes;
    }

    private sealed record Encoded(AnswerForm Form, byte[] Bytes);
}
