package dev.starling.cli.chaos;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/**
 * A tmpfs of a limited size that a test may fill. It lies in a mount namespace of its own, which a
 * process keeps, and is reached through {@code /proc/PID/root}: so it needs no root where users may
 * have namespaces, nobody else sees it, and it goes with the test also when that is killed. Belongs
 * to one thread.
 */
final class LimitedFileSystem implements AutoCloseable {
  private static final int CHUNK_BYTES = 1 << 16;
  private static final String FILLER = "filler";
  private static final String READY = "ready";

  private final Path mountPoint;
  private final Path root;
  private final Process keeper;
  private FileChannel filler;

  private LimitedFileSystem(Path mountPoint, Process keeper) {
    this.mountPoint = mountPoint;
    this.keeper = keeper;
    root = Path.of("/proc/" + keeper.pid() + "/root" + mountPoint);
  }

  /** Mounts one, or says that this user may not by an empty answer. */
  static Optional<LimitedFileSystem> open(long lengthBytes) throws IOException {
    Path point = Files.createTempDirectory("starling-limited-");
    for (String namespaces : List.of("-m", "-rm")) {
      // Its input ends with the test.
      Process keeper =
          new ProcessBuilder(
                  "unshare",
                  namespaces,
                  "sh",
                  "-c",
                  "mount -t tmpfs -o size=%d,mode=0700 tmpfs %s && echo %s && exec cat"
                      .formatted(lengthBytes, point, READY))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (READY.equals(keeper.inputReader().readLine())) {
        return Optional.of(new LimitedFileSystem(point, keeper));
      }
      keeper.destroyForcibly().onExit().join();
    }
    Files.delete(point);
    return Optional.empty();
  }

  Path path() {
    return root;
  }

  /** Takes all the space that is left; again and again, as others give some back. */
  void fill() throws IOException {
    if (filler == null) {
      filler =
          FileChannel.open(
              root.resolve(FILLER), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }
    try {
      while (true) {
        filler.write(ByteBuffer.allocate(CHUNK_BYTES));
      }
    } catch (IOException full) {
      // That is what it was for.
      return;
    }
  }

  boolean isFull() {
    return filler != null;
  }

  /** Gives back what was taken. */
  void free() throws IOException {
    if (filler != null) {
      filler.close();
      filler = null;
      Files.delete(root.resolve(FILLER));
    }
  }

  @Override
  public void close() throws IOException {
    free();
    keeper.destroyForcibly().onExit().join();
    Files.delete(mountPoint);
  }
}
