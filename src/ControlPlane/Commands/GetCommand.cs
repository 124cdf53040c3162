using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Http;
using ControlPlane.Client.Yaml;

namespace ControlPlane.Commands;

/// <summary><c>controlplane get</c>.</summary>
internal static class GetCommand
{
    /// <summary>Asks for the rows the server lays out.</summary>
    public const string TableAccept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IndentSize = 4, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create(Terminal terminal)
    {
        var what = new Argument<string[]>("what") { Description = "RESOURCE [NAME...], RESOURCE/NAME... or RESOURCE,RESOURCE; \"all\" for the usual ones", HelpName = "RES [NAME]", Arity = ArgumentArity.OneOrMore };
        var allNamespaces = new Option<bool>("--all-namespaces", "-A") { Description = "From all namespaces" };
        var labels = new Option<string?>("--selector", "-l") { Description = "Only objects with these labels: a=b, a!=b, a in (b,c), a, !a", HelpName = "LABELS" };
        var fields = new Option<string?>("--field-selector") { Description = "Only objects with these fields, such as status.phase=Running", HelpName = "FIELDS" };
        var output = new Option<string?>("--output", "-o") { Description = "wide, yaml, json or name (default: a table)", HelpName = "FORM" };
        output.AcceptOnlyFromAmong("wide", "yaml", "json", "name");
        var watch = new Option<bool>("--watch", "-w") { Description = "Then print every change, until Ctrl-C" };
        var command = new TaughtCommand("get", "Shows objects.", """
            controlplane get pods                         # a table
            controlplane get jobs,pods -A -o wide         # several kinds, all namespaces, all columns
            controlplane get job/pi -o yaml               # everything about one object
            controlplane get pods -l job-name=pi -w       # and what happens to them
            """)
        {
            what, allNamespaces, labels, fields, output, watch,
        };
        var options = ClusterOptions.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var cluster = options.Connect(parsed, terminal);
            var arguments = await SlowWork.ShowAsync(terminal, "asking the server", ResourceArguments.ParseAsync(parsed.GetValue(what)!, cluster, cancellationToken));
            var form = parsed.GetValue(output) ?? "";
            var query = new ListQuery(parsed.GetValue(allNamespaces) ? null : cluster.Namespace, parsed.GetValue(labels), parsed.GetValue(fields));
            if (arguments.Any(argument => argument.Names.Count > 0) && (query.LabelSelector ?? query.FieldSelector) is not null) throw new UsageException("a name and a selector cannot both be given; leave one out");
            if (arguments.Any(argument => argument.Names.Count > 0) && parsed.GetValue(allNamespaces)) throw new UsageException("a name needs one namespace; leave -A out");
            if (!parsed.GetValue(watch)) return form is "" or "wide" ? await TablesAsync(cluster, arguments, query, form == "wide", terminal, cancellationToken) : await ObjectsAsync(cluster, arguments, query, form, terminal, cancellationToken);
            if (arguments.Count != 1 || arguments[0].Names.Count > 1) throw new UsageException("-w watches one kind, or one object");
            return await GetWatch.RunAsync(cluster, arguments[0], query, form, terminal, cancellationToken);
        });
        return command;
    }

    /// <summary>The path of a list, or of one object.</summary>
    public static string PathOf(ResourceDescriptor resource, ListQuery query, string? @namespace, string? name) => name is null
        ? resource.Path(query.Namespace) + QueryString.Of(("labelSelector", query.LabelSelector), ("fieldSelector", query.FieldSelector))
        : resource.Path(@namespace, Uri.EscapeDataString(name));

    /// <summary>Prints one object.</summary>
    public static void PrintObject(ResourceObject item, string form, Terminal terminal)
    {
        if (form == "name") terminal.Out.WriteLine(ObjectLabel.Of(item));
        else Print(Tidy(item.ToDocument()), form, terminal);
    }

    private static async Task<int> TablesAsync(Cluster cluster, IReadOnlyList<ResourceArgument> arguments, ListQuery query, bool isWide, Terminal terminal, CancellationToken cancellationToken)
    {
        var hasPrinted = false;
        var failures = 0;
        foreach (var (resource, names) in arguments)
        {
            var hasNamespace = query.Namespace is null && resource.IsNamespaced;
            var prefix = arguments.Select(argument => argument.Resource).Distinct().Count() > 1 ? ObjectLabel.Of(resource, "") : "";
            var table = new TableText(terminal.Out, isWide, hasNamespace, prefix);
            var isFirst = true;
            foreach (var name in names.Count == 0 ? [null] : names.Cast<string?>())
            {
                var path = PathOf(resource, query, cluster.Namespace, name);
                try
                {
                    var answer = await SlowWork.ShowAsync(terminal, $"fetching {resource.Plural}", cluster.Connection.FetchAsync(HttpMethod.Get, path, accept: TableAccept, cancellationToken: cancellationToken));
                    var document = (JsonObject)JsonNode.Parse(answer)!;
                    if (document["rows"] is not JsonArray { Count: > 0 }) continue;
                    if (isFirst && hasPrinted && arguments.Count > 1 && prefix.Length > 0) terminal.Out.WriteLine();
                    isFirst = false;
                    hasPrinted = true;
                    table.Print(document);
                }
                catch (ApiException refusal) when (name is not null)
                {
                    terminal.Error.WriteLine(ErrorText.Of(refusal.Status));
                    failures++;
                }
            }
        }

        if (!hasPrinted && failures == 0)
        {
            var isNamespaced = arguments.All(argument => argument.Resource.IsNamespaced);
            terminal.Error.WriteLine(query.Namespace is null || !isNamespaced ? "No resources found" : $"No resources found in {query.Namespace} namespace.");
        }

        return failures > 0 ? CommandTree.Failed : CommandTree.Done;
    }

    private static async Task<int> ObjectsAsync(Cluster cluster, IReadOnlyList<ResourceArgument> arguments, ListQuery query, string form, Terminal terminal, CancellationToken cancellationToken)
    {
        var items = new List<ResourceObject>();
        var failures = 0;
        foreach (var (resource, names) in arguments)
        {
            if (names.Count == 0) items.AddRange((await cluster.Client.ListAsync(resource, query, cancellationToken)).Items);
            foreach (var name in names)
            {
                try
                {
                    items.Add(await cluster.Client.GetAsync(new(resource, resource.IsNamespaced ? cluster.Namespace : null, name), cancellationToken));
                }
                catch (ApiException refusal)
                {
                    terminal.Error.WriteLine(ErrorText.Of(refusal.Status));
                    failures++;
                }
            }
        }

        var isSingle = arguments is [{ Names.Count: 1 }];
        if (form == "name")
        {
            foreach (var item in items) terminal.Out.WriteLine(ObjectLabel.Of(item));
        }
        else if (!isSingle)
        {
            Print(new JsonObject
            {
                ["apiVersion"] = "v1",
                ["items"] = new JsonArray([.. items.Select(item => Tidy(item.ToDocument()))]),
                ["kind"] = "List",
                ["metadata"] = new JsonObject { ["resourceVersion"] = "" },
            }, form, terminal);
        }
        else if (items.Count == 1)
        {
            PrintObject(items[0], form, terminal);
        }

        return failures > 0 ? CommandTree.Failed : CommandTree.Done;
    }

    private static void Print(JsonObject document, string form, Terminal terminal)
    {
        if (form == "yaml") terminal.Out.Write(YamlDocuments.Write(document, sortKeys: true));
        else terminal.Out.WriteLine(Sorted(document)!.ToJsonString(Indented));
    }

    // Who wrote which field fills pages and is rarely what one looks for; kubectl leaves it out as well.
    private static JsonObject Tidy(JsonObject document)
    {
        (document["metadata"] as JsonObject)?.Remove("managedFields");
        return document;
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject fields => new JsonObject(fields.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => KeyValuePair.Create(field.Key, Sorted(field.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
