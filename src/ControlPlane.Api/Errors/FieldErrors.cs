namespace ControlPlane.Api.Errors;

/// <summary>Collects everything wrong with a document, in Kubernetes' words: <c>spec.template.spec.containers[0].name: Required value</c>.</summary>
public sealed class FieldErrors
{
    private readonly List<FieldError> _errors = [];

    public IReadOnlyList<FieldError> All => _errors;

    public bool Any => _errors.Count > 0;

    public void Required(string field, string detail = "") =>
        Add(new("FieldValueRequired", field, detail.Length == 0 ? "Required value" : $"Required value: {detail}"));

    /// <param name="value">As JSON text: strings quoted.</param>
    public void Invalid(string field, string value, string detail) => Add(new("FieldValueInvalid", field, $"Invalid value: {value}: {detail}"));

    public void NotSupported(string field, string value, params ReadOnlySpan<string> supported) =>
        Add(new("FieldValueNotSupported", field, $"Unsupported value: \"{value}\": supported values: {Quote(supported)}"));

    public void Forbidden(string field, string detail) => Add(new("FieldValueForbidden", field, $"Forbidden: {detail}"));

    public void Duplicate(string field, string value) => Add(new("FieldValueDuplicate", field, $"Duplicate value: {value}"));

    public void NotFound(string field, string value) => Add(new("FieldValueNotFound", field, $"Not found: {value}"));

    public void TooLong(string field, int lengthMax) => Add(new("FieldValueTooLong", field, $"Too long: may not be more than {lengthMax} bytes"));

    public void TooMany(string field, int count, int countMax) =>
        Add(new("FieldValueTooMany", field, $"Too many: {count}: must have at most {countMax} items"));

    public void TypeInvalid(string field, string value, string detail) => Add(new("FieldValueTypeInvalid", field, $"Invalid value: {value}: {detail}"));

    // A schema and a kind's own rules may both miss a field; the caller needs to hear it once, in the words that say more.
    private void Add(FieldError error)
    {
        for (var i = 0; i < _errors.Count; i++)
        {
            var known = _errors[i];
            if (known.Reason != error.Reason || known.Field != error.Field) continue;
            if (known.Message == error.Message) return;
            if (error.Reason != "FieldValueRequired") continue;
            if (error.Message.Length > known.Message.Length) _errors[i] = error;
            return;
        }

        _errors.Add(error);
    }

    private static string Quote(ReadOnlySpan<string> values)
    {
        var quoted = new List<string>();
        foreach (var value in values) quoted.Add($"\"{value}\"");
        return string.Join(", ", quoted);
    }
}

/// <param name="Reason">The cause's reason, such as <c>FieldValueInvalid</c>.</param>
/// <param name="Field">The path, such as <c>spec.parallelism</c>.</param>
/// <param name="Message">Without the path.</param>
public sealed record FieldError(string Reason, string Field, string Message);
