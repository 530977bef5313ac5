package dev.starling.rdma.fabric;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.ControlChannel;
import dev.starling.engine.fabric.RegionDescriptor;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Makes connections on a thread of its own, since creating queue pairs and asking the home takes
 * milliseconds, which a communication agent does not have.
 *
 * <pre>
 *   connector:  queue pairs INIT --request--> home: queue pairs RTS, epoch --reply--> ours RTR, RTS --> done
 * </pre>
 */
final class Connector implements AutoCloseable {
  private static final long CLOSE_LIMIT_S = 10;

  private final VerbsDevice device;
  private final ControlChannel channel;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "starling-verbs-connect");
            made.setDaemon(true);
            return made;
          });

  Connector(VerbsDevice device, ControlChannel channel) {
    this.device = device;
    this.channel = channel;
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
    CompletableFuture<Connection> result = new CompletableFuture<>();
    run(result, () -> ask(home, request, result));
    return result;
  }

  /** Runs a step; whatever it throws is the result. */
  private void run(CompletableFuture<Connection> result, Runnable step) {
    thread.execute(
        () -> {
          try {
            step.run();
          } catch (Throwable failure) {
            result.completeExceptionally(failure);
          }
        });
  }

  private void ask(
      RegionDescriptor home,
      Function<Endpoint, AttachRequest> request,
      CompletableFuture<Connection> result) {
    Connection connection = Connection.open(device);
    AttachRequest asked = request.apply(connection.endpoint());
    channel.request(
        home.rank(),
        asked.encode(),
        new ControlChannel.Reply() {
          @Override
          public void onReply(byte[] body) {
            run(result, () -> establish(home, asked, connection, body, result));
          }

          @Override
          public void onFailure(String sentence) {
            run(
                result,
                () -> {
                  connection.close();
                  throw new StarlingException(
                      "rank "
                          + home.rank()
                          + " gave no answer to a request to attach: "
                          + sentence);
                });
          }
        });
  }

  private void establish(
      RegionDescriptor home,
      AttachRequest asked,
      Connection connection,
      byte[] body,
      CompletableFuture<Connection> result) {
    try {
      AttachReply reply = AttachReply.decode(ByteBuffer.wrap(body));
      if (!reply.refusal().isEmpty()) {
        throw new StarlingException(
            "rank " + home.rank() + " refused to connect: " + reply.refusal());
      }
      byte[] notice =
          AttachRequest.detach(home.rank(), home.incarnation(), asked.rank(), reply.epoch());
      connection.establish(device, reply, () -> channel.request(home.rank(), notice, UNANSWERED));
    } catch (Throwable failure) {
      connection.close();
      throw failure;
    }
    if (!result.complete(connection)) {
      connection.close();
    }
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
   * Ends the thread.
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
  }
}
