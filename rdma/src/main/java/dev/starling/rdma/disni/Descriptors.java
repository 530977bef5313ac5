package dev.starling.rdma.disni;

import static dev.starling.jextract.libc.Libc.*;

import dev.starling.jextract.libc.pollfd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;

/** Waits for the file descriptors of channels. */
final class Descriptors {
  private Descriptors() {}

  /**
   * Makes reads of a descriptor give EAGAIN instead of waiting: the event that made {@link
   * #awaitReadable} return is dropped when the object that it is about is destroyed.
   */
  static void makeNonBlocking(int fd, String device) {
    try (VerbCall call = new VerbCall()) {
      MemorySegment on = call.arena().allocateFrom(ValueLayout.JAVA_INT, 1);
      if (ioctl(call.state(), fd, FIONBIO(), on) != 0) {
        throw call.failure(device, "ioctl", "making a channel non-blocking", "keep it open");
      }
    }
  }

  /**
   * Waits until a descriptor can be read.
   *
   * @param timeoutMs longest wait in milliseconds; negative waits for ever
   * @return whether it can be read; false when the time was up
   */
  static boolean awaitReadable(int fd, int timeoutMs, String device) {
    long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
    try (VerbCall call = new VerbCall()) {
      MemorySegment fds = pollfd.allocate(call.arena());
      pollfd.fd(fds, fd);
      pollfd.events(fds, (short) POLLIN());
      int leftMs = timeoutMs;
      while (true) {
        int ready = poll(call.state(), fds, 1, leftMs);
        if (ready >= 0) {
          return ready > 0;
        }
        if (call.errno() != EINTR()) {
          throw call.failure(device, "poll", "waiting for a channel's event", "keep it open");
        }
        if (timeoutMs >= 0) {
          leftMs = (int) Math.max(0, (deadlineNs - System.nanoTime()) / 1_000_000);
        }
      }
    }
  }
}
