package dev.starling.cli.chaos;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A tmpfs of a limited size that a test may fill. Root mounts it; any other user gets it in a mount
 * namespace of its own, kept by a process and reached through {@code /proc/PID/root}. Belongs to
 * one thread.
 */
final class LimitedFileSystem implements AutoCloseable {
  private static final long LIMIT_S = 20;
  private static final int CHUNK_BYTES = 1 << 16;
  private static final String FILLER = "filler";

  private final Path mountPoint;
  private final Path root;
  private final Process keeper;
  private FileChannel filler;

  private LimitedFileSystem(Path mountPoint, Path root, Process keeper) {
    this.mountPoint = mountPoint;
    this.root = root;
    this.keeper = keeper;
  }

  /** Mounts one, or says that this user may not by an empty answer. */
  static Optional<LimitedFileSystem> open(long lengthBytes) throws IOException {
    Path point = Files.createTempDirectory("starling-limited-");
    String options = "size=" + lengthBytes + ",mode=0700";
    List<String> mount = List.of("mount", "-t", "tmpfs", "-o", options, "tmpfs", point.toString());
    if (run(mount)) {
      return Optional.of(new LimitedFileSystem(point, point, null));
    }
    Process keeper =
        new ProcessBuilder(
                "unshare",
                "-rm",
                "sh",
                "-c",
                String.join(" ", mount) + " && echo ready && exec cat")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String said = keeper.inputReader().readLine();
    if ("ready".equals(said)) {
      Path seen = Path.of("/proc/" + keeper.pid() + "/root" + point);
      return Optional.of(new LimitedFileSystem(point, seen, keeper));
    }
    keeper.destroyForcibly();
    Files.delete(point);
    return Optional.empty();
  }

  private static boolean run(List<String> command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      return process.onExit().get(LIMIT_S, TimeUnit.SECONDS).exitValue() == 0;
    } catch (InterruptedException | ExecutionException | TimeoutException failure) {
      throw new IOException("no end of " + command, failure);
    } finally {
      process.destroyForcibly();
    }
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
    if (keeper == null) {
      if (!run(List.of("umount", mountPoint.toString()))) {
        run(List.of("umount", "--lazy", mountPoint.toString()));
        throw new AssertionError("still used: " + mountPoint);
      }
    } else {
      keeper.destroyForcibly().onExit().join();
    }
    Files.delete(mountPoint);
  }
}
