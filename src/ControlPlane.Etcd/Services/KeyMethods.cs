using ControlPlane.Etcd.Keys;
using ControlPlane.Etcd.Protocol;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace ControlPlane.Etcd.Services;

/// <summary>The methods of etcd's <c>KV</c>, bound by hand: <c>Range</c> is answered with a <see cref="RangeAnswer"/>, which generated code does not know.</summary>
internal sealed class KeyMethods : IServiceMethodProvider<KeyService>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<KeyService> context)
    {
        AddUnary(context, "Range", RangeRequest.Parser, RangeAnswer.Marshaller, static (service, request) => service.RangeAsync(request));
        AddUnary(context, "Put", PutRequest.Parser, Marshallers.Of(PutResponse.Parser), static (service, request) => service.PutAsync(request));
        AddUnary(context, "DeleteRange", DeleteRangeRequest.Parser, Marshallers.Of(DeleteRangeResponse.Parser), static (service, request) => service.DeleteRangeAsync(request));
        AddUnary(context, "Txn", TxnRequest.Parser, Marshallers.Of(TxnResponse.Parser), static (service, request) => service.TransactAsync(request));
        AddUnary(context, "Compact", CompactionRequest.Parser, Marshallers.Of(CompactionResponse.Parser), static (service, request) => service.CompactAsync(request));
        context.AddServerStreamingMethod(
            new Method<RangeRequest, RangeStreamResponse>(MethodType.ServerStreaming, KV.Descriptor.FullName, "RangeStream", Marshallers.Of(RangeRequest.Parser), Marshallers.Of(RangeStreamResponse.Parser)),
            [],
            static (service, request, parts, _) => service.RangeStreamAsync(request, parts));
    }

    private static void AddUnary<TRequest, TResponse>(
        ServiceMethodProviderContext<KeyService> context, string name, MessageParser<TRequest> request, Marshaller<TResponse> response, Func<KeyService, TRequest, Task<TResponse>> answer)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class
    {
        var method = new Method<TRequest, TResponse>(MethodType.Unary, KV.Descriptor.FullName, name, Marshallers.Of(request), response);
        context.AddUnaryMethod(method, [], (service, message, _) => answer(service, message));
    }
}
