package dev.starling.bench.perf;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.ControlChannel;
import dev.starling.engine.fabric.PeerState;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The control channels of two ranks in one process, which say of each other that they are on
 * different hosts, so that nothing moves past the device. One thread answers all requests.
 */
final class LoopChannel implements AutoCloseable {
  private static final int RANKS = 2;
  private static final long CLOSE_LIMIT_S = 10;

  private final AtomicReferenceArray<ControlChannel.Handler> handlers =
      new AtomicReferenceArray<>(RANKS);
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("perf-channel").factory());

  /**
   * Returns the end of a rank.
   *
   * @param rank 0 or 1
   * @return its channel
   */
  ControlChannel of(int rank) {
    return new End(rank);
  }

  private void answer(int from, int to, byte[] body, ControlChannel.Reply reply) {
    ControlChannel.Handler handler = handlers.get(to);
    if (handler == null) {
      reply.onFailure("rank " + to + " does not answer requests yet");
      return;
    }
    byte[] made;
    try {
      made = handler.handle(from, 0, body);
    } catch (RuntimeException failure) {
      reply.onFailure("rank " + to + " could not answer: " + failure);
      return;
    }
    reply.onReply(made);
  }

  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSE_LIMIT_S, TimeUnit.SECONDS)) {
        throw new StarlingException(
            "the channel between both ends is busy for %d s: report this fault of starling"
                .formatted(CLOSE_LIMIT_S));
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private final class End implements ControlChannel {
    private final int rank;

    private End(int rank) {
      this.rank = rank;
    }

    @Override
    public void request(int to, byte[] body, Reply reply) {
      try {
        thread.execute(() -> answer(rank, to, body, reply));
      } catch (RejectedExecutionException closed) {
        reply.onFailure("the channel is closed");
      }
    }

    @Override
    public void onRequest(Handler handler) {
      handlers.set(rank, handler);
    }

    @Override
    public PeerState state(int peer, int incarnation) {
      return PeerState.ALIVE;
    }

    @Override
    public boolean isColocated(int peer) {
      return false;
    }
  }
}
