using ControlPlane.Commands;

// The commands that are a server themselves (dev, server, agent, init) are handed to Create, and come first in the help.
return await CommandTree.RunAsync(CommandTree.Create(), args);
