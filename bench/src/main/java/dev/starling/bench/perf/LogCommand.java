package dev.starling.bench.perf;

import dev.starling.cli.Terminal;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.memory.PrivateMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures the update log. */
@Command(
    name = "log",
    header = "Append gradients to an update log.",
    description = "A gradient is one record and the fragments of its values, 1 MiB each.")
final class LogCommand extends MeasureCommand {
  private static final long BYTES_DEFAULT = 1L << 20;
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");

  @Mixin private SizeOptions size = new SizeOptions();

  @Option(
      names = "--directory",
      paramLabel = "DIR",
      description =
          "Where the log lies while it is measured; up to 768 MiB. Default: ${DEFAULT-VALUE}.")
  private Path parent = Path.of("/dev/shm");

  LogCommand(Terminal terminal) {
    super(terminal, "log");
  }

  @Override
  int maxDepth() {
    return 1;
  }

  @Override
  long[] sizes(boolean bandwidth) {
    return size.sizes(Float.BYTES, BYTES_DEFAULT);
  }

  @Override
  String meaning() {
    return "appending a gradient, float32, to the update log";
  }

  @Override
  Subject open(long[] sizes, int depth) throws IOException {
    if (!Files.isDirectory(parent) || !Files.isWritable(parent)) {
      throw new ConfigurationException(
          "--directory=" + parent + " is no directory that can be written: name one that is");
    }
    long unique = ThreadLocalRandom.current().nextLong();
    Path directory = parent.resolve("starling-perf-" + Long.toHexString(unique));
    ExitRemoval removal = new ExitRemoval(directory);
    try {
      Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(PRIVATE));
      return new Logs(directory, sizes, removal);
    } catch (Throwable failure) {
      ExitRemoval.remove(directory);
      removal.close();
      throw failure;
    }
  }

  private static final class Logs implements Subject {
    private final Path directory;
    private final long[] sizes;
    private final PrivateMemory gradient;

    private final ExitRemoval removal;

    private LogOperation log;

    private Logs(Path directory, long[] sizes, ExitRemoval removal) {
      this.directory = directory;
      this.removal = removal;
      this.sizes = sizes;
      gradient = PrivateMemory.allocate("the gradient", sizes[sizes.length - 1]);
      MemorySegment values = gradient.segment();
      for (long i = 0; i < values.byteSize() / Float.BYTES; i++) {
        values.setAtIndex(ValueLayout.JAVA_FLOAT, i, i % 997 * 1e-3f);
      }
    }

    private void removeAll() {
      try {
        ExitRemoval.remove(directory);
      } catch (IOException failure) {
        throw new StarlingException(
            "removing the log %s failed (%s): remove it by hand".formatted(directory, failure),
            failure);
      }
    }

    @Override
    public String ends() {
      try {
        return "ChronicleLog on " + Files.getFileStore(directory).type() + ", " + directory;
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }

    @Override
    public String fabric() {
      return null;
    }

    @Override
    public Operation operation(int index) {
      end();
      log = new LogOperation(directory.resolve("0." + index), gradient.segment(), sizes[index]);
      return log;
    }

    private void end() {
      if (log != null) {
        LogOperation last = log;
        log = null;
        last.close();
        try {
          ExitRemoval.remove(last.directory());
        } catch (IOException failure) {
          throw new UncheckedIOException(failure);
        }
      }
    }

    @Override
    public void close() {
      try {
        end();
      } finally {
        gradient.close();
        removeAll();
        removal.close();
      }
    }
  }
}
