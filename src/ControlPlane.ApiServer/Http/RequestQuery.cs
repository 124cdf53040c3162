using System.Globalization;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Pipeline;
using ControlPlane.ApiServer.Security;
using Microsoft.AspNetCore.Http;

namespace ControlPlane.ApiServer.Http;

/// <summary>Reads the options that travel in the query string, and refuses what cannot be meant.</summary>
internal static class RequestQuery
{
    private const string OptionsGroup = "meta.k8s.io";

    /// <summary>Kubernetes' idea of a flag: present and not "false" or "0".</summary>
    public static bool Flag(this HttpRequest request, string name) => request.Query.TryGetValue(name, out var values) && values.ToString() is not ("false" or "0" or "False");

    public static string Text(this HttpRequest request, string name) => request.Query.TryGetValue(name, out var values) ? values.ToString() : "";

    /// <exception cref="ApiException">400 for what is no number.</exception>
    public static long? Number(this HttpRequest request, string name)
    {
        var text = request.Text(name);
        if (text.Length == 0) return null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw ApiErrors.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }

    /// <summary>The number behind <c>resourceVersion</c>, or null when it is absent.</summary>
    /// <exception cref="ApiException">500, as Kubernetes has it, for what is no number.</exception>
    public static long? Revision(this HttpRequest request)
    {
        var text = request.Text("resourceVersion");
        if (text.Length == 0) return null;
        return Documents.TryParseRevision(text, out var revision)
            ? revision
            : throw new ApiException(new(500, "", $"resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax"));
    }

    /// <summary>How fresh a single object must be.</summary>
    public static Freshness FreshnessOfGet(this HttpRequest request) => request.Revision() switch
    {
        null => Freshness.Consistent,
        0 => Freshness.Any,
        { } revision => Freshness.NotOlderThan(revision),
    };

    /// <summary>How fresh a list must be.</summary>
    /// <exception cref="ApiException">422 for a combination without meaning.</exception>
    public static Freshness FreshnessOfList(this HttpRequest request)
    {
        var match = request.Text("resourceVersionMatch");
        var version = request.Text("resourceVersion");
        var isContinued = request.Text("continue").Length > 0;
        var errors = new FieldErrors();
        if (request.Text("sendInitialEvents").Length > 0) errors.Forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
        if (match.Length > 0)
        {
            if (version.Length == 0) errors.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided");
            if (isContinued) errors.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
            if (match is not ("Exact" or "NotOlderThan")) errors.NotSupported("resourceVersionMatch", match, "Exact", "NotOlderThan", "");
            if (match == "Exact" && version == "0") errors.Forbidden("resourceVersionMatch", "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
        }

        ThrowIfAny(errors, "ListOptions");
        if (isContinued && version.Length > 0 && version != "0") throw ApiErrors.BadRequest("specifying resource version is not allowed when using continue");
        return request.Revision() switch
        {
            null => Freshness.Consistent,
            0 => Freshness.Any,
            { } revision when match == "Exact" => Freshness.Exactly(revision),
            { } revision => Freshness.NotOlderThan(revision),
        };
    }

    /// <exception cref="ApiException">422 for a combination without meaning.</exception>
    public static void ValidateWatch(this HttpRequest request)
    {
        var match = request.Text("resourceVersionMatch");
        var errors = new FieldErrors();
        if (request.Text("sendInitialEvents").Length == 0)
        {
            if (match.Length > 0) errors.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
        }
        else if (match != "NotOlderThan")
        {
            errors.Forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
            if (match.Length > 0) errors.NotSupported("resourceVersionMatch", match, "NotOlderThan");
        }

        // The field named is not the one that is wrong; it is the one Kubernetes names.
        if (request.Text("continue").Length > 0) errors.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
        ThrowIfAny(errors, "ListOptions");
    }

    /// <summary>Whether a write is only to be tried.</summary>
    /// <param name="optionsKind">Such as <c>CreateOptions</c>, for the refusal.</param>
    public static bool DryRun(this HttpRequest request, string optionsKind)
    {
        if (!request.Query.TryGetValue("dryRun", out var values) || values.Count == 0 || values.ToString().Length == 0) return false;
        if (values.Count == 1 && values[0] == "All") return true;
        var errors = new FieldErrors();
        errors.NotSupported("dryRun", string.Join(",", values.AsEnumerable()), "All");
        throw ApiErrors.Invalid(new GroupVersionKind(OptionsGroup, "v1", optionsKind), "", errors);
    }

    /// <summary>Everything a write takes from the query.</summary>
    public static WriteRequest WriteRequest(this HttpRequest request, Caller caller, string optionsKind, IReadOnlyList<string> duplicateKeys)
    {
        var dryRun = request.DryRun(optionsKind);
        var text = request.Text("fieldValidation");
        var validation = text switch
        {
            "" or "Warn" => FieldValidation.Warn,
            "Strict" => FieldValidation.Strict,
            "Ignore" => FieldValidation.Ignore,
            _ => (FieldValidation?)null,
        };
        if (validation is null)
        {
            var errors = new FieldErrors();
            errors.NotSupported("fieldValidation", text, "Ignore", "Strict", "Warn");
            throw ApiErrors.Invalid(new GroupVersionKind(OptionsGroup, "v1", optionsKind), "", errors);
        }

        var manager = request.Text("fieldManager");
        return new WriteRequest(caller, validation.Value, dryRun, [], manager.Length == 0 ? null : manager) { DuplicateKeys = duplicateKeys };
    }

    /// <summary><c>DeleteOptions</c>: from the body, completed by the query.</summary>
    /// <exception cref="ApiException">422 for options that contradict each other or are unknown.</exception>
    public static DeleteRequest DeleteRequest(this HttpRequest request, System.Text.Json.Nodes.JsonObject? body)
    {
        var errors = new FieldErrors();
        var text = body.Text("propagationPolicy") is { Length: > 0 } named ? named : request.Text("propagationPolicy");
        var orphan = body?["orphanDependents"] is { } flag ? flag.ToString() : request.Text("orphanDependents");
        if (text.Length > 0 && orphan.Length > 0) errors.Invalid("propagationPolicy", $"\"{text}\"", "orphanDependents and deletionPropagation cannot be both set");
        else if (text is not ("" or "Foreground" or "Background" or "Orphan")) errors.NotSupported("propagationPolicy", text, "Foreground", "Background", "Orphan", "nil");
        ThrowIfAny(errors, "DeleteOptions");

        DeletePropagation? propagation = (text, orphan) switch
        {
            ("Foreground", _) => DeletePropagation.Foreground,
            ("Background", _) => DeletePropagation.Background,
            ("Orphan", _) => DeletePropagation.Orphan,
            (_, "true" or "True" or "1") => DeletePropagation.Orphan,
            (_, { Length: > 0 }) => DeletePropagation.Background,
            _ => null,
        };
        var preconditions = body.Child("preconditions");
        var isDryRun = body.Texts("dryRun") is [var only] ? only == "All" : request.DryRun("DeleteOptions");
        return new DeleteRequest(
            propagation,
            body.Number("gracePeriodSeconds") ?? request.Number("gracePeriodSeconds"),
            preconditions.Text("uid") is { Length: > 0 } uid ? uid : null,
            preconditions.Text("resourceVersion") is { Length: > 0 } version ? version : null,
            isDryRun,
            []);
    }

    private static void ThrowIfAny(FieldErrors errors, string optionsKind)
    {
        if (errors.Any) throw ApiErrors.Invalid(new GroupVersionKind(OptionsGroup, "v1", optionsKind), "", errors);
    }
}
