using System.Buffers;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Wire;
using ControlPlane.ApiServer.Http;
using ControlPlane.ApiServer.Watches;

namespace ControlPlane.Tests.ApiServer.Http;

public sealed class WatchFramesTests
{
    private static readonly ResourceObject Map = new(ConfigMap.Resource, "x", "a", "u", 7,
        """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"resourceVersion":"7","name":"a","namespace":"x"}}"""u8.ToArray());

    [Fact]
    public void An_event_in_json_is_a_line_around_the_objects_own_bytes()
    {
        var output = new ArrayBufferWriter<byte>();
        new WatchFrames(ConfigMap.Resource, AnswerForm.Json, TimeProvider.System).Write(output, WatchEventType.Modified, new EncodedForms(Map), 7);
        Assert.Equal($"{{\"type\":\"MODIFIED\",\"object\":{System.Text.Encoding.UTF8.GetString(Map.Json.Span)}}}\n", System.Text.Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void An_event_in_protobuf_is_length_type_and_envelope()
    {
        var output = new ArrayBufferWriter<byte>();
        var frames = new WatchFrames(ConfigMap.Resource, AnswerForm.Json with { Media = MediaKind.Protobuf }, TimeProvider.System);
        frames.Write(output, WatchEventType.Added, new EncodedForms(Map), 7);
        var frame = output.WrittenSpan;
        Assert.Equal(frame.Length - 4, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(frame));
        Assert.Equal("0A054144444544", Convert.ToHexString(frame[4..11]));
        Assert.Equal(0x12, frame[11]);
        // Short enough for lengths of one byte.
        Assert.Equal(frame.Length - 13, frame[12]);
        Assert.Equal(0x0a, frame[13]);
        Assert.Equal(frame.Length - 15, frame[14]);
        Assert.Equal("a", ProtobufTranscoder.Decode(frame[15..])["metadata"]!["name"]!.ToString());
    }

    [Fact]
    public void Lengths_above_one_byte_are_right_too()
    {
        var big = new ResourceObject(ConfigMap.Resource, "x", "a", "u", 7,
            System.Text.Encoding.UTF8.GetBytes($"{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\"a\"}},\"data\":{{\"k\":\"{new string('x', 20_000)}\"}}}}"));
        var output = new ArrayBufferWriter<byte>();
        new WatchFrames(ConfigMap.Resource, AnswerForm.Json with { Media = MediaKind.Protobuf }, TimeProvider.System).Write(output, WatchEventType.Added, new EncodedForms(big), 7);
        var frame = output.WrittenSpan;
        Assert.Equal(frame.Length - 4, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(frame));
        var start = frame.IndexOf("k8s\0"u8);
        Assert.Equal(20_000, ProtobufTranscoder.Decode(frame[start..])["data"]!["k"]!.ToString().Length);
    }

    [Fact]
    public void An_error_event_holds_a_status()
    {
        var output = new ArrayBufferWriter<byte>();
        new WatchFrames(ConfigMap.Resource, AnswerForm.Json, TimeProvider.System).WriteError(output, ApiErrors.Expired("too old resource version: 1 (2188)").Status);
        Assert.Equal("""{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version: 1 (2188)","reason":"Expired","code":410}}""" + "\n",
            System.Text.Encoding.UTF8.GetString(output.WrittenSpan));
    }
}
