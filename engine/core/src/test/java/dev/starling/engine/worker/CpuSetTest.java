package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.ThrowingSupplier;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
class CpuSetTest {
  @TempDir Path nodes;

  private Path node(int number, String cpulist) throws IOException {
    Path folder = Files.createDirectories(nodes.resolve("node" + number));
    return Files.writeString(folder.resolve("cpulist"), cpulist);
  }

  /** Runs on a thread of its own, so that a failing test leaves no thread bound. */
  private static <T> T onNewThread(ThrowingSupplier<T> work) throws Exception {
    FutureTask<T> task =
        new FutureTask<>(
            () -> {
              try {
                return work.get();
              } catch (Error | Exception failure) {
                throw failure;
              } catch (Throwable other) {
                throw new AssertionError(other);
              }
            });
    Thread thread = Thread.ofPlatform().start(task);
    try {
      return task.get(20, TimeUnit.SECONDS);
    } catch (ExecutionException failure) {
      if (failure.getCause() instanceof AssertionError assertion) {
        throw assertion;
      }
      throw failure;
    } finally {
      thread.join();
    }
  }

  /** What the kernel shows, apart from the binding under test. */
  private static String shown() throws IOException {
    return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
        .filter(line -> line.startsWith("Cpus_allowed_list:"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 | 0 | 1",
        "0-3,6 | 0-3,6 | 5",
        "6,0-3 | 0-3,6 | 5",
        "1, 2 ,3 | 1-3 | 3",
        "0-2,2-5,4 | 0-5 | 6",
        "63,64,127-128,8191 | 63-64,127-128,8191 | 5",
        "7-7 | 7 | 1",
        "none | none | 0",
      })
  void shouldReadAndWriteLists(String text, String expected, int size) {
    CpuSet set = CpuSet.parse(text);
    assertEquals(expected, set.toString());
    assertEquals(size, set.size());
    assertEquals(size == 0, set.isNone());
    assertEquals(set, CpuSet.parse(set.toString()));
    assertEquals(set.hashCode(), CpuSet.parse(expected).hashCode());
    assertNotEquals(set, CpuSet.parse("5"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | '' is neither a processor nor a range: write a list like 0-3,6, numa:0 or none",
        "all | 'all' is neither",
        "None | 'None' is neither",
        "0, | '' is neither",
        "0-3-5 | '0-3-5' is neither",
        "-1 | '-1' is neither",
        "0,x | cpus=0,x: 'x' is neither",
        "3-1 | '3-1' is out of range: write rising numbers from 0 to 8191",
        "0-8192 | '0-8192' is out of range",
        "99999999999 | is neither",
        "numa: | names no memory node: write a number, for instance numa:0",
        "numa:one | names no memory node",
        "numa:../../x | names no memory node",
      })
  void shouldNameValueAndCureWhenTheTextIsWrong(String text, String part) {
    ConfigurationException failure =
        assertThrows(ConfigurationException.class, () -> CpuSet.parse(text));
    assertTrue(failure.getMessage().startsWith("cpus=" + text), failure.getMessage());
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
    assertEquals(1, failure.getMessage().lines().count());
  }

  @Test
  void shouldReadTheProcessorsOfANode() throws IOException {
    node(0, "0-7,16-23\n");
    node(1, "8-15\n");
    assertEquals("0-7,16-23", CpuSet.parse("numa:0", nodes).toString());
    assertEquals("8-15", CpuSet.parse("numa:01", nodes).toString());
  }

  @Test
  void shouldSayWhatToChooseWhenTheNodeIsAbsentOrHasNoProcessors() throws IOException {
    node(2, "\n");
    String absent =
        assertThrows(ConfigurationException.class, () -> CpuSet.parse("numa:9", nodes))
            .getMessage();
    assertTrue(absent.contains("cpus=numa:9: this machine shows no such memory node"), absent);
    assertTrue(absent.contains(nodes.resolve("node9/cpulist").toString()), absent);
    assertTrue(absent.contains("choose a node that lscpu lists"), absent);
    String empty =
        assertThrows(ConfigurationException.class, () -> CpuSet.parse("numa:2", nodes))
            .getMessage();
    assertTrue(empty.contains("has memory but no processors: choose another"), empty);
  }

  @Test
  void shouldReadTheNodesOfThisMachineWhenItShowsThem() throws IOException {
    Path real = Path.of("/sys/devices/system/node/node0/cpulist");
    if (Files.isReadable(real)) {
      assertEquals(Files.readString(real).strip(), CpuSet.parse("numa:0").toString());
    } else {
      assertThrows(ConfigurationException.class, () -> CpuSet.parse("numa:0"));
    }
  }

  @Test
  void shouldGiveOneProcessorToEachThreadInTurn() {
    CpuSet set = CpuSet.parse("2,5-6");
    String[] shares = {"2", "5", "6", "2", "5"};
    for (int index = 0; index < shares.length; index++) {
      assertEquals(shares[index], set.share(index).toString());
    }
    assertSame(CpuSet.NONE, CpuSet.NONE.share(3));
  }

  @Test
  void shouldBindTheCallingThreadAloneAndBindItAsBeforeAgain() throws Exception {
    String outside = shown();
    onNewThread(
        () -> {
          CpuSet before = CpuSet.ofCallingThread();
          assertEquals(shown(), before.toString());
          for (int index = 0; index < before.size(); index++) {
            CpuSet one = before.share(index);
            one.applyToCallingThread();
            assertEquals(one, CpuSet.ofCallingThread());
            assertEquals(one.toString(), shown());
            assertEquals(one.toString(), onNewThread(CpuSetTest::shown), "threads inherit");
          }
          before.applyToCallingThread();
          assertEquals(before.toString(), shown());
          return null;
        });
    assertEquals(outside, shown());
  }

  @Test
  void shouldBindNothingWhenNoneIsAsked() throws Exception {
    String before = shown();
    CpuSet.parse("none").applyToCallingThread();
    assertEquals(before, shown());
  }

  /** Processor 8191 alone is refused by the kernel; together with others it is left out. */
  @Test
  void shouldRefuseAndStayAsItWasWhenAProcessorIsNotThere() throws Exception {
    onNewThread(
        () -> {
          CpuSet before = CpuSet.ofCallingThread().share(0);
          before.applyToCallingThread();
          for (String text : new String[] {"8191", before + ",8191"}) {
            String message =
                assertThrows(
                        ConfigurationException.class,
                        () -> CpuSet.parse(text).applyToCallingThread())
                    .getMessage();
            assertTrue(message.startsWith("cpus=" + text + " cannot be used ("), message);
            assertTrue(message.contains("this process may use "), message);
            assertTrue(message.contains("): choose among those"), message);
            assertEquals(text.equals("8191"), message.contains("EINVAL"), message);
            assertEquals(before.toString(), shown());
          }
          return null;
        });
  }
}
