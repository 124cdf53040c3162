using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.Hosting;

/// <summary>One line an event, with the time, for people: <c>12:00:01 leading in term 3</c>. Warnings and worse of the framework come the same way.</summary>
internal sealed class ConsoleLog(TextWriter writer) : ILoggerFactory, ILogger
{
    private readonly Lock _gate = new();

    public void Write(string message)
    {
        lock (_gate) writer.WriteLine($"{TimeProvider.System.GetLocalNow():HH:mm:ss} {message}");
    }

    public bool IsEnabled(LogLevel level) => level >= LogLevel.Warning;

    public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> format)
    {
        if (IsEnabled(level)) Write($"{level.ToString().ToLowerInvariant()}: {format(state, exception)}{(exception is null ? "" : $": {exception.Message}")}");
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    // The generic host tells of a failed start that its caller tells better.
    public ILogger CreateLogger(string category) => category.StartsWith("Microsoft.Extensions.Hosting", StringComparison.Ordinal) ? NullLogger.Instance : this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("the console is the only log");

    public void Dispose() => writer.Flush();
}
