using ControlPlane.Commands;
using ControlPlane.Hosting;

var terminal = Terminal.OfProcess();
// The commands that are a server themselves come first in the help.
var root = CommandTree.Create(terminal, DevCommand.Create(terminal), InitCommand.Create(), ServerCommand.Create(), AgentCommand.Create());
return await CommandTree.RunAsync(root, args, terminal);
