package dev.starling.rdma.fabric;

import dev.starling.engine.StarlingException;
import java.util.List;

/** Closing of several things, all of them, whatever fails. */
final class Closing {
  private Closing() {}

  /**
   * Closes everything in order.
   *
   * @param what what is done, for the message
   * @param resources what is closed
   * @throws StarlingException when something did not close: the first failure with the others
   */
  static void all(String what, List<? extends AutoCloseable> resources) {
    StarlingException failed = null;
    for (AutoCloseable resource : resources) {
      try {
        resource.close();
      } catch (Exception failure) {
        if (failed == null) {
          failed = new StarlingException(what + " failed: " + failure.getMessage(), failure);
        } else {
          failed.addSuppressed(failure);
        }
      }
    }
    if (failed != null) {
      throw failed;
    }
  }

  /** Closes something because of a failure, which keeps what goes wrong with that. */
  static void after(Throwable failure, AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception whileClosing) {
      failure.addSuppressed(whileClosing);
    }
  }
}
