using ControlPlane.Wal.Members;

namespace ControlPlane.Tests.Wal.Members;

public sealed class DirectoryLockTests
{
    [Fact]
    public void A_second_holder_is_refused_by_name_until_the_first_lets_go()
    {
        var directory = Directory.CreateTempSubdirectory("cp-lock-");
        try
        {
            using (DirectoryLock.Take(directory.FullName))
            {
                var exception = Assert.Throws<DirectoryInUseException>(() => DirectoryLock.Take(directory.FullName));
                Assert.Equal(Environment.ProcessId, exception.Holder);
                Assert.Contains(directory.FullName, exception.Message);
            }

            DirectoryLock.Take(directory.FullName).Dispose();
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
