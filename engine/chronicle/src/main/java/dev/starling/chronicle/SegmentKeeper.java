package dev.starling.chronicle;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What a log does beside writing: a daemon seals ended segments and, where the log asks for it,
 * forces the one being written to disk. What fails is kept for the writer to report.
 */
final class SegmentKeeper implements AutoCloseable {
  /** Longest wait for the daemon when the log closes: it reads the last segment once. */
  private static final long CLOSE_TIMEOUT_MS = 60_000;

  private static final int STOP = -1;

  private final Path directory;
  private final int forceIntervalMs;
  private final LinkedBlockingQueue<Integer> ended = new LinkedBlockingQueue<>();
  private final Thread thread;
  private final Object files = new Object();
  private int oldestKept;
  private volatile int writing = STOP;
  private volatile StarlingException failure;
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
      for (boolean running = true; running; ) {
        Integer next = await();
        if (next == null) {
          force();
        } else if (next == STOP) {
          running = false;
        } else {
          sealNow(next);
        }
      }
    } catch (InterruptedException | IOException | RuntimeException | InternalError wrong) {
      failure =
          new StarlingException(
              "the log " + directory + " cannot be kept on disk (" + wrong + "): check the disk",
              wrong);
    } finally {
      release();
    }
  }

  private Integer await() throws InterruptedException {
    return forceIntervalMs == 0 ? ended.take() : ended.poll(forceIntervalMs, TimeUnit.MILLISECONDS);
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
    ended.add(STOP);
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
