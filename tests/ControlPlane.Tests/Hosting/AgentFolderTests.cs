using ControlPlane.Hosting;

namespace ControlPlane.Tests.Hosting;

public sealed class AgentFolderTests
{
    [Fact]
    public void A_folder_has_one_agent_at_a_time()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            using (AgentFolder.Take(folder.FullName))
            {
                Assert.Contains("another agent works in", Assert.Throws<CommandException>(() => AgentFolder.Take(folder.FullName)).Message);
            }

            AgentFolder.Take(folder.FullName).Dispose();
        }
        finally
        {
            folder.Delete(true);
        }
    }
}
