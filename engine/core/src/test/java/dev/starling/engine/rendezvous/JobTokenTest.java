package dev.starling.engine.rendezvous;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobTokenTest {
  private static final String TEXT = "sixteen letters!";

  @TempDir private Path directory;

  private Path file(String text, String mode) throws IOException {
    Path file = Files.writeString(directory.resolve("token-" + mode), text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private static boolean same(JobToken a, JobToken b) {
    return Arrays.equals(a.authenticate("x"), b.authenticate("x"));
  }

  private static String failure(org.junit.jupiter.api.function.Executable body) {
    return assertThrows(ConfigurationException.class, body).getMessage();
  }

  @Test
  void shouldComeFromTheEnvironmentOrAFile() throws IOException {
    JobToken expected = JobToken.of(TEXT);
    Path file = file(TEXT + "\n", "rw-------");
    Map<String, String> none = Map.of();
    assertSame(JobToken.NONE, JobToken.detect(none, null));
    assertTrue(same(expected, JobToken.detect(Map.of("STARLING_JOB_TOKEN", TEXT), null)));
    assertTrue(same(expected, JobToken.detect(none, file)));
    assertTrue(same(expected, JobToken.detect(Map.of("STARLING_JOB_TOKEN_FILE", file + ""), null)));
    assertTrue(same(expected, JobToken.detect(Map.of("STARLING_JOB_TOKEN", TEXT), file)));
    assertTrue(same(expected, JobToken.read(file(TEXT, "r--------"))));
    String contradiction =
        failure(() -> JobToken.detect(Map.of("STARLING_JOB_TOKEN", TEXT + TEXT), file));
    assertTrue(contradiction.contains("different job tokens"), contradiction);
    assertFalse(contradiction.contains(TEXT), "the failure does not tell the token");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r--r--", "rw-rw----", "rw----r--", "rw--w----"})
  void shouldRefuseAFileThatOthersCanUse(String mode) throws IOException {
    Path file = file(TEXT, mode);
    String text = failure(() -> JobToken.read(file));
    assertTrue(text.contains(mode) && text.contains("chmod 600 " + file), text);
  }

  @Test
  void shouldRefuseWhatIsTooShortTooLongOrMissing() throws IOException {
    assertTrue(failure(() -> JobToken.of("fifteen letters")).contains("15 bytes"));
    assertTrue(failure(() -> JobToken.of("x".repeat(1025))).contains("1025 bytes"));
    assertTrue(failure(() -> JobToken.of("   ")).contains("urandom"));
    Path empty = file("", "rw-------");
    assertTrue(failure(() -> JobToken.read(empty)).contains(empty + " has 0 bytes"));
    Path large = file("x".repeat(5000), "r--------");
    assertTrue(failure(() -> JobToken.read(large)).contains("is no job token"));
    assertTrue(failure(() -> JobToken.read(directory.resolve("absent"))).contains("absent"));
    assertEquals(1024, JobToken.MAX_LENGTH);
    assertFalse(JobToken.of("x".repeat(1024)).isEmpty());
  }

  @Test
  void shouldMakeTokensThatNobodyGuesses() throws IOException {
    assertEquals(64, JobToken.generate().length());
    assertNotEquals(JobToken.generate(), JobToken.generate());
    Path file = directory.resolve("new");
    JobToken token = JobToken.generate(file);
    assertTrue(same(token, JobToken.read(file)));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertThrows(StarlingException.class, () -> JobToken.generate(file), "it exists");
  }

  @Test
  void shouldBeNeededUnlessOnlyThisHostCanReachTheJob() {
    for (String host : new String[] {"127.0.0.1", "localhost", "::1", "127.8.9.1"}) {
      assertSame(JobToken.NONE, JobToken.NONE.requireFor(new Endpoint(host, 1)));
    }
    for (String host : new String[] {"node1", "10.0.0.1", "0.0.0.0", "fe80::1"}) {
      Endpoint master = new Endpoint(host, 29500);
      String text = failure(() -> JobToken.NONE.requireFor(master));
      assertTrue(text.contains(master + "") && text.contains("STARLING_JOB_TOKEN"), text);
      JobToken token = JobToken.of(TEXT);
      assertSame(token, token.requireFor(master));
    }
  }

  @Test
  void shouldNotShowItself() {
    assertEquals("a token of 16 bytes", JobToken.of(TEXT).toString());
    assertEquals("no token", JobToken.NONE.toString());
  }

  @Test
  void shouldBindWhereOnePartEndsAndTheNextBegins() {
    JobToken token = JobToken.of(TEXT);
    byte[] ab = {1, 2};
    byte[] c = {3};
    byte[] a = {1};
    byte[] bc = {2, 3};
    assertFalse(Arrays.equals(token.authenticate("l", ab, c), token.authenticate("l", a, bc)));
    assertFalse(Arrays.equals(token.authenticate("l", ab), token.authenticate("m", ab)));
  }
}
