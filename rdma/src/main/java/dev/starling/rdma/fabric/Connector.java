package dev.starling.rdma.fabric;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.ControlChannel;
import dev.starling.engine.fabric.RegionDescriptor;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Makes connections on a thread of its own, since creating queue pairs and asking the home takes
 * milliseconds, which a communication agent does not have.
 *
 * <pre>
 *   connector:  queue pairs INIT --request--> home: queue pairs RTS, epoch --reply--> ours RTR, RTS --> done
 * </pre>
 *
 * <p>What it has begun it ends: a connection belongs to it until somebody has it, and is closed
 * when nobody waits for it any more, when a step fails, or when the connector is closed.
 */
final class Connector implements AutoCloseable {
  private static final long CLOSE_LIMIT_S = 10;

  private final VerbsDevice device;
  private final ControlChannel channel;
  private final Consumer<String> tell;
  private final Set<Attempt> underWay = ConcurrentHashMap.newKeySet();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "starling-verbs-connect");
            made.setDaemon(true);
            return made;
          });

  Connector(VerbsDevice device, ControlChannel channel, Consumer<String> tell) {
    this.device = device;
    this.channel = channel;
    this.tell = tell;
  }

  /**
   * Begins to connect to another process's replica.
   *
   * @param home the replica
   * @param request says who asks; given this side of the connection
   * @return completes with an established connection, or exceptionally
   */
  CompletableFuture<Connection> connect(
      RegionDescriptor home, Function<Endpoint, AttachRequest> request) {
    Attempt attempt = new Attempt(home, request);
    underWay.add(attempt);
    attempt.run(attempt::ask);
    return attempt.result;
  }

  /** One connection in the making; its steps run on the connector's thread. */
  private final class Attempt implements ControlChannel.Reply {
    private final RegionDescriptor home;
    private final Function<Endpoint, AttachRequest> request;
    private final CompletableFuture<Connection> result = new CompletableFuture<>();
    private AttachRequest asked;
    private Connection connection;

    Attempt(RegionDescriptor home, Function<Endpoint, AttachRequest> request) {
      this.home = home;
      this.request = request;
    }

    /** Runs a step; whatever it throws is the result. */
    private void run(Runnable step) {
      try {
        thread.execute(
            () -> {
              try {
                step.run();
              } catch (Throwable failure) {
                fail(failure);
              }
            });
      } catch (RejectedExecutionException closed) {
        result.completeExceptionally(closing());
      }
    }

    private void ask() {
      connection = Connection.open(device);
      asked = request.apply(connection.endpoint());
      channel.request(home.rank(), asked.encode(), this);
    }

    @Override
    public void onReply(byte[] body) {
      run(() -> establish(AttachReply.decode(ByteBuffer.wrap(body))));
    }

    @Override
    public void onFailure(String sentence) {
      run(
          () -> {
            throw new StarlingException(
                "rank " + home.rank() + " gave no answer to a request to attach: " + sentence);
          });
    }

    private void establish(AttachReply reply) {
      if (!reply.refusal().isEmpty()) {
        throw new StarlingException(
            "rank " + home.rank() + " refused to connect: " + reply.refusal());
      }
      byte[] notice =
          AttachRequest.detach(home.rank(), home.incarnation(), asked.rank(), reply.epoch());
      connection.establish(device, reply, () -> channel.request(home.rank(), notice, UNANSWERED));
      if (!result.complete(connection)) {
        throw new StarlingException("nobody waits for the connection any more");
      }
      underWay.remove(this);
    }

    private void fail(Throwable failure) {
      underWay.remove(this);
      if (connection != null) {
        Closing.after(failure, connection);
      }
      if (!result.completeExceptionally(failure) && failure.getSuppressed().length > 0) {
        tell.accept(
            "%s: a connection to rank %d that nobody waits for could not be closed: %s"
                .formatted(device.where(), home.rank(), failure.getSuppressed()[0].getMessage()));
      }
    }
  }

  private static StarlingException closing() {
    return new StarlingException("the fabric is being closed");
  }

  /** Whoever is gone needs no notice. */
  private static final ControlChannel.Reply UNANSWERED =
      new ControlChannel.Reply() {
        @Override
        public void onReply(byte[] body) {}

        @Override
        public void onFailure(String sentence) {}
      };

  /**
   * Ends the thread and what is under way.
   *
   * @throws StarlingException when a step hangs in the driver
   */
  @Override
  public void close() {
    thread.shutdownNow();
    boolean ended = false;
    try {
      ended = thread.awaitTermination(CLOSE_LIMIT_S, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    if (!ended) {
      throw new StarlingException(
          "the thread that connects to peers did not end within "
              + CLOSE_LIMIT_S
              + " s: "
              + device.where()
              + " hangs in its driver, look at dmesg");
    }
    underWay.forEach(attempt -> attempt.fail(closing()));
  }
}
