package dev.starling.rdma.disni;

import java.util.ArrayDeque;
import java.util.Deque;

/** Closes what was opened, last first, when a construction fails half-way. */
final class Cleanup {
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  <T extends AutoCloseable> T add(T resource) {
    opened.push(resource);
    return resource;
  }

  /** Closes everything; further failures are added to the first one. */
  void run(Throwable failure) {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception further) {
        failure.addSuppressed(further);
      }
    }
  }
}
