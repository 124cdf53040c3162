using System.Text;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Record = ControlPlane.Store.Record;

namespace ControlPlane.Tests.Store;

/// <summary>Short words for the tests of the store.</summary>
internal static class Keys
{
    public static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    public static Operation Put(string key, string value, long lease = 0) => new Operation.Put(Bytes(key), Bytes(value), new LeaseId(lease));

    public static Operation Delete(string key) => new Operation.Delete(Bytes(key), null);

    public static Operation DeleteRange(string key, string end) => new Operation.Delete(Bytes(key), Bytes(end));

    public static Operation Read(string key) => new Operation.Read(Bytes(key), null, null);

    public static Transaction Always(params Operation[] operations) => new([], [.. operations], []);

    public static TransactionResult Run(this StoreState state, params Operation[] operations) =>
        Assert.IsType<TransactionResult>(state.Apply(Always(operations)));

    public static Record? Get(this StoreView view, string key) => view.Get(Bytes(key).Span);

    /// <summary>The whole view in one line: <c>a=1 b=2</c>.</summary>
    public static string Line(this StoreView view) =>
        string.Join(' ', view.Range(default, null).Select(record => $"{Text(record.Key)}={Text(record.Value)}"));
}
