package dev.starling.chronicle;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What a log does beside writing: a daemon takes space from the disk ahead of the writer, seals
 * ended segments and, where the log asks for it, forces the one being written to disk. What fails
 * is kept for the writer to report.
 */
final class SegmentKeeper implements AutoCloseable {
  /** Longest wait for the daemon when the log closes: it reads the last segment once. */
  private static final long CLOSE_TIMEOUT_MS = 60_000;

  private static final int STOP = -1;

  /** The writer never waits longer than for the reserving of so much. */
  private static final long RESERVE_STEP_BYTES = 1 << 21;

  private final Path directory;
  private final int forceIntervalMs;
  private final ConcurrentLinkedQueue<Integer> ended = new ConcurrentLinkedQueue<>();
  private final Thread thread;
  private final Object files = new Object();
  private int oldestKept;
  private volatile int writing = STOP;
  private volatile StarlingException failure;
  private volatile ReservedFile reserved;
  private volatile long reserveToBytes;
  private FileChannel forced;
  private int forcedSegment = STOP;

  SegmentKeeper(Path directory, int forceIntervalMs) {
    this.directory = directory;
    this.forceIntervalMs = forceIntervalMs;
    thread = new Thread(this::run, "starling-log-keeper-" + directory.getFileName());
    thread.setDaemon(true);
    thread.start();
  }

  /** Tells which segment is being written; its file is there. */
  void writing(int segment) {
    writing = segment;
  }

  /** Has a segment sealed that nobody writes any more. */
  void seal(int segment) {
    ended.add(segment);
    LockSupport.unpark(thread);
  }

  /** Has a file's space taken soon, as far as the disk has it. Allocates nothing. */
  void reserve(ReservedFile file, long endBytes) {
    reserveToBytes = endBytes;
    reserved = file;
    LockSupport.unpark(thread);
  }

  /** Returns what went wrong, or null. */
  StarlingException failure() {
    return failure;
  }

  /** Removes a segment and its note; waits for sealing no longer than for one rename. */
  void drop(int segment) throws IOException {
    synchronized (files) {
      oldestKept = Math.max(oldestKept, segment + 1);
      Files.deleteIfExists(SegmentFiles.segment(directory, segment));
      Files.deleteIfExists(SegmentFiles.digest(directory, segment));
    }
  }

  private void run() {
    try {
      long forcedNs = System.nanoTime();
      for (boolean running = true; running; ) {
        Integer next = ended.poll();
        if (next != null) {
          running = next != STOP;
          if (running) {
            sealNow(next);
          }
        } else if (forceIntervalMs > 0 && System.nanoTime() - forcedNs >= forceIntervalNs()) {
          force();
          forcedNs = System.nanoTime();
        } else if (!reserveStep()) {
          await(forcedNs);
        }
      }
    } catch (IOException | RuntimeException | InternalError wrong) {
      failure =
          new StarlingException(
              "the log " + directory + " cannot be kept on disk (" + wrong + "): check the disk",
              wrong);
    } finally {
      release();
    }
  }

  private long forceIntervalNs() {
    return TimeUnit.MILLISECONDS.toNanos(forceIntervalMs);
  }

  /** Until something is asked for; a wake-up without a cause does no harm. */
  private void await(long forcedNs) {
    if (forceIntervalMs == 0) {
      LockSupport.park(this);
    } else {
      LockSupport.parkNanos(this, forcedNs + forceIntervalNs() - System.nanoTime());
    }
  }

  /** Takes a little of the space that was asked for; false when there is no more to take. */
  private boolean reserveStep() {
    ReservedFile file = reserved;
    if (file == null) {
      return false;
    }
    long end = reserveToBytes;
    long from = file.reservedBytes();
    // A full disk is the writer's to report, when it comes to need the space.
    if (from >= end || !file.tryReserve(Math.min(end, from + RESERVE_STEP_BYTES))) {
      reserved = null;
      return false;
    }
    return true;
  }

  private void force() throws IOException {
    int segment = writing;
    if (segment != forcedSegment) {
      release();
      forced = FileChannel.open(SegmentFiles.segment(directory, segment), StandardOpenOption.WRITE);
      forcedSegment = segment;
    }
    if (forced != null) {
      forced.force(false);
    }
  }

  private void sealNow(int segment) throws IOException {
    try {
      SegmentDigest.seal(directory, segment, forceIntervalMs > 0);
    } catch (NoSuchFileException gone) {
      if (isKept(segment)) {
        throw gone;
      }
    }
    synchronized (files) {
      if (segment < oldestKept) {
        Files.deleteIfExists(SegmentFiles.digest(directory, segment));
      }
    }
  }

  private boolean isKept(int segment) {
    synchronized (files) {
      return segment >= oldestKept;
    }
  }

  private void release() {
    FileChannel closing = forced;
    forced = null;
    try {
      if (closing != null) {
        closing.close();
      }
    } catch (IOException wrong) {
      failure = new StarlingException("closing a segment of " + directory + " failed", wrong);
    }
  }

  /** Ends the daemon after what it was given, and throws what went wrong. */
  @Override
  public void close() {
    seal(STOP);
    boolean interrupted = false;
    try {
      thread.join(CLOSE_TIMEOUT_MS);
    } catch (InterruptedException stop) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw failure;
    }
    if (thread.isAlive()) {
      throw new StarlingException(
          "the log "
              + directory
              + " was not sealed within "
              + CLOSE_TIMEOUT_MS
              + " ms: its disk is too slow, its records are checked one by one instead");
    }
  }
}
