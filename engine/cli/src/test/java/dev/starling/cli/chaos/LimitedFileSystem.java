package dev.starling.cli.chaos;

import dev.starling.jextract.Lanes;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

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
  private static final String LANE = "tmpfs";

  /** What ENOSPC is called. */
  private static final String FULL = "No space left on device";

  private static final long MOUNT_LIMIT_NS = TimeUnit.SECONDS.toNanos(30);
  private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(1);

  private final Path mountPoint;
  private final Path root;
  private final Process keeper;
  private FileChannel filler;

  private LimitedFileSystem(Path mountPoint, Process keeper) {
    this.mountPoint = mountPoint;
    this.keeper = keeper;
    root = Path.of("/proc/" + keeper.pid() + "/root" + mountPoint);
  }

  /** Mounts one for a test of its lane; the test is skipped, or fails, where this user may not. */
  static LimitedFileSystem enter(long lengthBytes) throws IOException {
    List<String> refusals = new ArrayList<>();
    Optional<LimitedFileSystem> opened = open(lengthBytes, refusals);
    Lanes.enter(
        LANE,
        opened.isPresent(),
        "this user may mount no file system, also not in a namespace of its own ("
            + String.join("; ", refusals)
            + "): run as root, or allow user namespaces");
    return opened.orElseThrow();
  }

  /** Mounts one, or says that this user may not by an empty answer, and why. */
  static Optional<LimitedFileSystem> open(long lengthBytes, List<String> refusals)
      throws IOException {
    Path point = Files.createTempDirectory("starling-limited-");
    Path errors = Files.createTempFile("starling-limited-", ".err");
    try {
      for (String namespaces : List.of("-m", "-rm")) {
        Optional<Process> keeper = keeper(namespaces, lengthBytes, point, errors);
        if (keeper.isPresent()) {
          return Optional.of(new LimitedFileSystem(point, keeper.get()));
        }
        refusals.add("unshare %s: %s".formatted(namespaces, Files.readString(errors).strip()));
      }
    } catch (IOException noSuchCommand) {
      refusals.add(noSuchCommand.getMessage());
    } finally {
      Files.delete(errors);
    }
    Files.delete(point);
    return Optional.empty();
  }

  /** Its input ends with the test. */
  private static Optional<Process> keeper(
      String namespaces, long lengthBytes, Path point, Path errors) throws IOException {
    Process keeper =
        new ProcessBuilder(
                "unshare",
                namespaces,
                "sh",
                "-c",
                "mount -t tmpfs -o size=%d,mode=0700 tmpfs %s && echo %s && exec cat"
                    .formatted(lengthBytes, point, READY))
            .redirectError(errors.toFile())
            .start();
    if (saysReady(keeper)) {
      return Optional.of(keeper);
    }
    keeper.destroyForcibly().onExit().join();
    return Optional.empty();
  }

  private static boolean saysReady(Process keeper) throws IOException {
    BufferedReader output = keeper.inputReader();
    long deadlineNs = System.nanoTime() + MOUNT_LIMIT_NS;
    while (keeper.isAlive() && !output.ready() && System.nanoTime() - deadlineNs < 0) {
      LockSupport.parkNanos(POLL_NS);
    }
    // What is there came from one echo: it is a whole line.
    return keeper.isAlive() && output.ready() && READY.equals(output.readLine());
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
    } catch (IOException failure) {
      // That is what it was for.
      if (!String.valueOf(failure.getMessage()).contains(FULL)) {
        throw failure;
      }
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
