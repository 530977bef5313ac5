package dev.starling.engine.rendezvous;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostIdentityTest {
  private static final Path SELF = Path.of("/proc/self");

  @TempDir private Path directory;

  @Test
  void shouldBeTheSameInEveryProcessOfAHost() {
    assertEquals(HostIdentity.local(), HostIdentity.local());
    assertTrue(HostIdentity.local().length() <= 256);
  }

  @Test
  void shouldDifferWhereMemoryCannotBeShared() throws IOException {
    Path boot = Files.writeString(directory.resolve("boot"), "one\n");
    Path other = Files.writeString(directory.resolve("other"), "two\n");
    Path memory = Path.of("/dev/shm");
    String here = HostIdentity.of(boot, memory, SELF);
    assertEquals(here, HostIdentity.of(boot, memory, SELF));
    assertNotEquals(here, HostIdentity.of(other, memory, SELF), "another kernel");
    assertNotEquals(here, HostIdentity.of(boot, Path.of("/proc"), SELF), "another mount");
  }

  @Test
  void shouldBeAloneWhenNothingIsKnown() {
    Path absent = directory.resolve("absent");
    assertNotEquals(
        HostIdentity.of(absent, directory, SELF), HostIdentity.of(absent, directory, SELF));
  }
}
