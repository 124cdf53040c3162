namespace ControlPlane.Api.Tables;

/// <summary>One cell: a string, an integer, a boolean, or nothing (null in JSON).</summary>
public readonly record struct TableCell(string? Text, long? Number, bool? Flag)
{
    public static implicit operator TableCell(string? text) => new(text, null, null);

    public static implicit operator TableCell(long number) => new(null, number, null);

    public static implicit operator TableCell(bool flag) => new(null, null, flag);
}
