using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Nodes;

/// <summary>What this machine is, from /proc, /etc and its network interfaces.</summary>
internal static class MachineFacts
{
    // Kubernetes' own default.
    private const int PodsMax = 110;

    /// <param name="data">The folder whose file system holds pods.</param>
    public static NodeCapacity Capacity(string data)
    {
        var resources = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        resources["cpu"] = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture);
        resources["memory"] = string.Create(CultureInfo.InvariantCulture, $"{MemoryKibibytes()}Ki");
        resources["pods"] = PodsMax.ToString(CultureInfo.InvariantCulture);
        resources["ephemeral-storage"] = string.Create(CultureInfo.InvariantCulture, $"{new DriveInfo(Path.GetFullPath(data)).TotalSize / 1024}Ki");
        return new(resources.ToImmutable());
    }

    /// <summary>The first address others could reach; loopback when there is none.</summary>
    public static string Address()
    {
        var addresses = NetworkInterface.GetAllNetworkInterfaces()
            .Where(network => network.OperationalStatus == OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(address => address.Address)
            .Where(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address) && !address.ToString().StartsWith("169.254.", StringComparison.Ordinal));
        return (addresses.FirstOrDefault() ?? IPAddress.Loopback).ToString();
    }

    public static NodeSystemInfo SystemInfo(string scheme, string version) => new()
    {
        MachineID = FirstLine("/etc/machine-id"),
        SystemUUID = FirstLine("/sys/class/dmi/id/product_uuid"),
        BootID = FirstLine("/proc/sys/kernel/random/boot_id"),
        KernelVersion = FirstLine("/proc/sys/kernel/osrelease"),
        OsImage = OsImage(),
        ContainerRuntimeVersion = $"{scheme}://{version}",
        KubeletVersion = $"v{version}",
        KubeProxyVersion = "",
        OperatingSystem = "linux",
        Architecture = Architecture,
    };

    /// <summary>In Kubernetes' words.</summary>
    public static string Architecture => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };

    /// <summary>A node's name from the machine's, as a DNS subdomain: Kubernetes takes no other.</summary>
    public static string NodeName()
    {
        var name = new string([.. Environment.MachineName.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '-')]).Trim('-', '.');
        return name.Length == 0 ? "node" : name;
    }

    public static long MemoryAvailableKibibytes() => MemoryField("MemAvailable:");

    private static long MemoryKibibytes() => MemoryField("MemTotal:");

    private static long MemoryField(string name)
    {
        foreach (var line in File.ReadLines("/proc/meminfo"))
        {
            if (line.StartsWith(name, StringComparison.Ordinal)) return long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
        }

        throw new IOException($"/proc/meminfo has no {name}");
    }

    private static string OsImage()
    {
        const string key = "PRETTY_NAME=";
        if (!File.Exists("/etc/os-release")) return "Linux";
        var line = File.ReadLines("/etc/os-release").FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal));
        return line is null ? "Linux" : line[key.Length..].Trim('"');
    }

    private static string FirstLine(string path)
    {
        try
        {
            return File.ReadLines(path).FirstOrDefault()?.Trim() ?? "";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Not on every machine, nor for everybody.
            return "";
        }
    }
}
