package dev.starling.rdma.fabric;

import dev.starling.engine.fabric.ControlChannel;
import dev.starling.engine.fabric.PeerState;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Control channels between fabrics of one JVM, which stand for processes. */
final class LocalChannel implements AutoCloseable {
  private final ControlChannel.Handler[] handlers;
  private final PeerState[] states;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "local-channel");
            made.setDaemon(true);
            return made;
          });
  private volatile boolean colocated;
  private volatile boolean silent;

  LocalChannel(int ranks) {
    handlers = new ControlChannel.Handler[ranks];
    states = new PeerState[ranks];
    Arrays.fill(states, PeerState.ALIVE);
  }

  /** Whether all ranks are on one host. */
  void colocated(boolean yes) {
    colocated = yes;
  }

  /** Whether requests get no answer. */
  void silent(boolean yes) {
    silent = yes;
  }

  synchronized void state(int rank, PeerState state) {
    states[rank] = state;
  }

  private synchronized PeerState state(int rank) {
    return rank < states.length ? states[rank] : PeerState.ALIVE;
  }

  /** {@return one rank's end} */
  ControlChannel of(int rank) {
    return new ControlChannel() {
      @Override
      public void request(int to, byte[] body, Reply reply) {
        thread.execute(
            () -> {
              if (silent || handlers[to] == null) {
                reply.onFailure("no answer within the time");
              } else {
                reply.onReply(handlers[to].handle(rank, 0, body));
              }
            });
      }

      @Override
      public void onRequest(Handler handler) {
        handlers[rank] = handler;
      }

      @Override
      public PeerState state(int peer, int incarnation) {
        return LocalChannel.this.state(peer);
      }

      @Override
      public boolean isColocated(int peer) {
        return colocated;
      }
    };
  }

  @Override
  public void close() {
    thread.shutdown();
  }
}
