package dev.starling.rdma.fabric;

import dev.starling.engine.StarlingException;
import dev.starling.rdma.disni.FfmCq;
import dev.starling.rdma.disni.FfmQp;
import java.util.ArrayList;
import java.util.List;

/**
 * The active side of a connection: its queue pairs and the queue of their completions, and what the
 * home answered. Opened by one thread and then handed to another, which closes it.
 */
final class Connection implements AutoCloseable {
  private final FfmCq queue;
  private final List<FfmQp> pairs;
  private final Endpoint endpoint;
  private AttachReply reply;
  private Runnable detach;
  private boolean destroyed;

  private Connection(FfmCq queue, List<FfmQp> pairs, Endpoint endpoint) {
    this.queue = queue;
    this.pairs = pairs;
    this.endpoint = endpoint;
  }

  /** Makes queue pairs that are not connected yet. */
  static Connection open(VerbsDevice device) {
    VerbsOptions options = device.options();
    List<FfmQp> pairs = new ArrayList<>();
    // Room for every request of every queue pair: in an error each completes, signalled or not.
    FfmCq queue = device.completionQueue(options.queuePairs() * options.sendDepth());
    try {
      for (int i = 0; i < options.queuePairs(); i++) {
        pairs.add(device.queuePair(queue, 0));
      }
      return new Connection(queue, pairs, device.endpoint(pairs));
    } catch (Throwable failure) {
      Closing.after(failure, new Connection(queue, pairs, null));
      throw failure;
    }
  }

  /** {@return this side, for the request} */
  Endpoint endpoint() {
    return endpoint;
  }

  /**
   * Connects to what the home answered.
   *
   * @param device the device
   * @param answer the home's answer, no refusal
   * @param whenClosed tells the home that the connection is not used any more; runs once, at the
   *     end of {@link #close()}, also when this call fails
   */
  void establish(VerbsDevice device, AttachReply answer, Runnable whenClosed) {
    reply = answer;
    detach = whenClosed;
    if (answer.endpoint().numbers().size() != pairs.size()) {
      throw new StarlingException(
          "the home answered with %d queue pairs to a request for %d: run the same version everywhere"
              .formatted(answer.endpoint().numbers().size(), pairs.size()));
    }
    device.connect(pairs, endpoint, answer.endpoint());
  }

  /** {@return what the home answered} */
  AttachReply reply() {
    return reply;
  }

  FfmCq queue() {
    return queue;
  }

  List<FfmQp> pairs() {
    return pairs;
  }

  /** Destroys the queue pairs: afterwards nothing that was posted on them can happen. */
  void destroyQueuePairs() {
    destroyed = true;
    Closing.all("destroying the queue pairs of a connection", pairs);
  }

  /**
   * Destroys what is left and tells the home, if it knows the connection, that it is not used any
   * more. Closing again closes what did not close before.
   */
  @Override
  public void close() {
    List<AutoCloseable> all = new ArrayList<>();
    if (!destroyed) {
      destroyed = true;
      pairs.forEach(pair -> all.add(pair::error));
    }
    all.addAll(pairs);
    all.add(queue);
    if (detach != null) {
      all.add(detach::run);
      detach = null;
    }
    Closing.all("closing a connection", all);
  }
}
