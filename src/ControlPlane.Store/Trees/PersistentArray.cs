namespace ControlPlane.Store.Trees;

/// <summary>Copies of small arrays with one difference. The source is never written to.</summary>
internal static class PersistentArray
{
    public static T[] With<T>(T[] source, int index, T item)
    {
        var copy = source.AsSpan().ToArray();
        copy[index] = item;
        return copy;
    }

    public static T[] Inserted<T>(T[] source, int index, T item)
    {
        var copy = new T[source.Length + 1];
        source.AsSpan(0, index).CopyTo(copy);
        copy[index] = item;
        source.AsSpan(index).CopyTo(copy.AsSpan(index + 1));
        return copy;
    }

    public static T[] Removed<T>(T[] source, int index)
    {
        var copy = new T[source.Length - 1];
        source.AsSpan(0, index).CopyTo(copy);
        source.AsSpan(index + 1).CopyTo(copy.AsSpan(index));
        return copy;
    }

    public static T[] Joined<T>(T[] left, T[] right)
    {
        var copy = new T[left.Length + right.Length];
        left.CopyTo(copy, 0);
        right.CopyTo(copy, left.Length);
        return copy;
    }
}
