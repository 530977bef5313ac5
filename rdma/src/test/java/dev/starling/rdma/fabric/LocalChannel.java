package dev.starling.rdma.fabric;

import dev.starling.engine.fabric.ControlChannel;
import dev.starling.engine.fabric.PeerState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
  private final List<Runnable> held = new ArrayList<>();
  private boolean holding;

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

  /** Keeps answers back; they were made already. */
  synchronized void hold() {
    holding = true;
  }

  /** {@return how many answers are kept back} */
  synchronized int held() {
    return held.size();
  }

  /** Delivers the answers that were kept back, on this thread, and keeps none back any more. */
  void release() {
    List<Runnable> late;
    synchronized (this) {
      holding = false;
      late = List.copyOf(held);
      held.clear();
    }
    late.forEach(Runnable::run);
  }

  private void answer(Runnable answer) {
    synchronized (this) {
      if (holding) {
        held.add(answer);
        return;
      }
    }
    answer.run();
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
                answer(() -> reply.onFailure("no answer within the time"));
              } else {
                byte[] made = handlers[to].handle(rank, 0, body);
                answer(() -> reply.onReply(made));
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
