namespace ControlPlane.ApiServer.Http;

internal enum MediaKind
{
    Json,
    Yaml,
    Protobuf,
}

/// <summary>What an answer shows of an object.</summary>
internal enum AnswerShape
{
    /// <summary>The object itself, or the list of them.</summary>
    Object,
    Table,
    PartialObjectMetadata,
    PartialObjectMetadataList,
}

/// <summary>What a Table's rows carry beside their cells (<c>?includeObject=</c>).</summary>
internal enum RowObject
{
    Metadata,
    None,
    Object,
}

/// <summary>How an answer is to be written, as negotiated by <c>Accept</c>.</summary>
/// <param name="MetaVersion">Of Table and PartialObjectMetadata: <c>v1</c> or <c>v1beta1</c>.</param>
/// <param name="IsPretty">Indented JSON (<c>?pretty=true</c>).</param>
internal readonly record struct AnswerForm(MediaKind Media, AnswerShape Shape, string MetaVersion, RowObject RowObject, bool IsPretty)
{
    public static readonly AnswerForm Json = new(MediaKind.Json, AnswerShape.Object, "v1", RowObject.Metadata, false);

    public string ContentType => Media switch
    {
        MediaKind.Yaml => "application/yaml",
        MediaKind.Protobuf => "application/vnd.kubernetes.protobuf",
        _ => "application/json",
    };
}
