using System.Buffers;
using System.Text.Json;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Tables;
using ControlPlane.ApiServer.Storage;

namespace ControlPlane.ApiServer.Http;

/// <summary>The forms of one object that are not the object itself: metadata alone, and a Table's row and columns.</summary>
internal static class ObjectForms
{
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><c>PartialObjectMetadata</c>: the metadata is copied as bytes.</summary>
    public static byte[] PartialMetadata(ResourceObject source, string metaVersion)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        WritePartialMetadata(buffer, source, metaVersion);
        return buffer.WrittenSpan.ToArray();
    }

    public static void WritePartialMetadata(IBufferWriter<byte> output, ResourceObject source, string metaVersion)
    {
        output.Write("{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/"u8);
        output.Write(metaVersion == "v1" ? "v1"u8 : "v1beta1"u8);
        output.Write("\",\"metadata\":"u8);
        output.Write(StoredMetadata.Slice(source.Json.Span));
        output.Write("}"u8);
    }

    /// <summary>One row of a Table: <c>{"cells":[…],"object":…}</c>.</summary>
    public static byte[] TableRow(ResourceObject source, AnswerForm form, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        WriteTableRow(buffer, source, form, now);
        return buffer.WrittenSpan.ToArray();
    }

    public static void WriteTableRow(IBufferWriter<byte> output, ResourceObject source, AnswerForm form, DateTimeOffset now)
    {
        output.Write("{\"cells\":"u8);
        using (var writer = new Utf8JsonWriter(output, Options))
        {
            writer.WriteStartArray();
            foreach (var cell in KindRules.For(source.Resource).Cells(source.ToDocument(), now)) WriteCell(writer, cell);
            writer.WriteEndArray();
        }

        output.Write(",\"object\":"u8);
        switch (form.RowObject)
        {
            case RowObject.None:
                output.Write("null"u8);
                break;
            case RowObject.Object:
                output.Write(source.Json.Span);
                break;
            default:
                WritePartialMetadata(output, source, form.MetaVersion);
                break;
        }

        output.Write("}"u8);
    }

    /// <summary>Everything of a Table up to its first row: <c>{"kind":"Table",…,"rows":[</c>.</summary>
    /// <param name="listMetadata">The inside of <c>metadata</c>.</param>
    /// <param name="hasColumns">False in all but the first event of a watch.</param>
    public static void WriteTableHead(IBufferWriter<byte> output, ResourceDescriptor resource, string metaVersion, ReadOnlySpan<byte> listMetadata, bool hasColumns)
    {
        output.Write("{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/"u8);
        output.Write(metaVersion == "v1" ? "v1"u8 : "v1beta1"u8);
        output.Write("\",\"metadata\":{"u8);
        output.Write(listMetadata);
        output.Write("},\"columnDefinitions\":"u8);
        if (hasColumns) WriteColumns(output, resource);
        else output.Write("null"u8);
        output.Write(",\"rows\":["u8);
    }

    private static void WriteColumns(IBufferWriter<byte> output, ResourceDescriptor resource)
    {
        using var writer = new Utf8JsonWriter(output, Options);
        writer.WriteStartArray();
        foreach (var column in TableColumns.For(resource))
        {
            writer.WriteStartObject();
            writer.WriteString("name", column.Name);
            writer.WriteString("type", column.Type);
            writer.WriteString("format", column.Format);
            writer.WriteString("description", "");
            writer.WriteNumber("priority", column.Priority);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteCell(Utf8JsonWriter writer, TableCell cell)
    {
        if (cell.Text is not null) writer.WriteStringValue(cell.Text);
        else if (cell.Number is { } number) writer.WriteNumberValue(number);
        else if (cell.Flag is { } flag) writer.WriteBooleanValue(flag);
        else writer.WriteNullValue();
    }
}
