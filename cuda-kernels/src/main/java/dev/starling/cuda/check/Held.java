package dev.starling.cuda.check;

import dev.starling.engine.StarlingException;
import java.util.ArrayDeque;
import java.util.Deque;

/** What has been opened; all of it is closed, the latest first, whatever fails on the way. */
final class Held implements AutoCloseable {
  private final Deque<AutoCloseable> held = new ArrayDeque<>();

  /** Takes something over. */
  <T extends AutoCloseable> T add(T opened) {
    held.push(opened);
    return opened;
  }

  @Override
  public void close() {
    RuntimeException first = null;
    while (!held.isEmpty()) {
      RuntimeException failure = close(held.pop());
      if (first == null) {
        first = failure;
      } else if (failure != null) {
        first.addSuppressed(failure);
      }
    }
    if (first != null) {
      throw first;
    }
  }

  private static RuntimeException close(AutoCloseable opened) {
    try {
      opened.close();
      return null;
    } catch (RuntimeException failure) {
      return failure;
    } catch (Exception failure) {
      return new StarlingException(
          "closing %s failed: %s".formatted(opened, failure.getMessage()), failure);
    }
  }
}
