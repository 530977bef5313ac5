package dev.starling.engine.rendezvous;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** Several links of one job in this process, over loopback, with short times. */
public final class TestJob implements AutoCloseable {
  static final long SECOND_NS = 1_000_000_000L;
  static final String TOKEN = "a token of the tests, long enough";

  private final int worldSize;
  private final Endpoint master;
  private final List<ControlLink> links = new ArrayList<>();
  private final Map<ControlLink, RecordingListener> listeners = new HashMap<>();
  private final ExecutorService executor = Executors.newCachedThreadPool();
  private final long socketsBefore;

  public TestJob(int worldSize) {
    this.worldSize = worldSize;
    master = new Endpoint("127.0.0.1", freePort());
    warmUp();
    socketsBefore = sockets();
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  /** The first socket channel of a JVM opens a socket that stays. */
  private static void warmUp() {
    try (SocketChannel channel = SocketChannel.open()) {
      channel.configureBlocking(false);
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  public Endpoint master() {
    return master;
  }

  public ControlLink.Context context(int rank) {
    return context(rank, worldSize);
  }

  ControlLink.Context context(int rank, int ofWorld) {
    return new ControlLink.Context(rank, ofWorld, master)
        .token(JobToken.of(TOKEN))
        .shape("model 7 x 3")
        .hostId("host " + rank / 2)
        .heartbeatNs(50_000_000L)
        .deadAfterNs(SECOND_NS)
        .reconnectNs(SECOND_NS / 2)
        .foundAfterNs(3 * SECOND_NS / 10)
        .requestTimeoutNs(5 * SECOND_NS)
        .joinTimeoutNs(15 * SECOND_NS)
        .listener(new RecordingListener());
  }

  public ControlLink open(ControlLink.Context context) {
    ControlLink link = ControlLink.open(context);
    synchronized (this) {
      links.add(link);
      listeners.put(link, (RecordingListener) context.listener());
    }
    return link;
  }

  public CompletableFuture<ControlLink> openLater(ControlLink.Context context) {
    return CompletableFuture.supplyAsync(() -> open(context), executor);
  }

  /** Opens and publishes all ranks, each by a thread of its own, begun in the given order. */
  List<ControlLink> openAll(int... order) {
    Map<Integer, CompletableFuture<ControlLink>> opened = new HashMap<>();
    for (int rank : order) {
      opened.put(rank, openLater(context(rank)));
    }
    List<ControlLink> result = new ArrayList<>();
    for (int rank = 0; rank < order.length; rank++) {
      result.add(get(opened.get(rank)));
    }
    publishAll(result);
    return result;
  }

  static void publishAll(List<ControlLink> opened) {
    opened.forEach(link -> link.publish(infoOf(link)));
    opened.forEach(link -> link.awaitJoined(opened.size(), 10 * SECOND_NS));
  }

  /** Ends a link as a killed process does. */
  public static void kill(ControlLink link) {
    link.kill();
  }

  static String infoOf(ControlLink link) {
    return "region of " + link.rank() + "." + link.incarnation();
  }

  synchronized RecordingListener listener(ControlLink link) {
    return listeners.get(link);
  }

  public static <T> T get(CompletableFuture<T> future) {
    try {
      return future.get(30, TimeUnit.SECONDS);
    } catch (ExecutionException failure) {
      if (failure.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new AssertionError(failure.getCause());
    } catch (InterruptedException | TimeoutException failure) {
      throw new AssertionError(failure);
    }
  }

  public static void await(String what, BooleanSupplier condition) {
    long deadlineNs = System.nanoTime() + 10 * SECOND_NS;
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadlineNs, "in time: " + what);
      Thread.onSpinWait();
      java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
    }
  }

  static long sockets() {
    try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
      return fds.filter(fd -> linkOf(fd).startsWith("socket:")).count();
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  private static String linkOf(Path fd) {
    try {
      return Files.readSymbolicLink(fd).toString();
    } catch (IOException closedMeanwhile) {
      return "";
    }
  }

  /** Closes everything and sees that no thread and no socket is left. */
  @Override
  public void close() {
    List<ControlLink> open;
    synchronized (this) {
      open = List.copyOf(links);
    }
    List<CompletableFuture<Void>> closing = new ArrayList<>();
    for (ControlLink link : open) {
      closing.add(CompletableFuture.runAsync(link::close, executor));
    }
    closing.forEach(TestJob::get);
    executor.shutdown();
    assertEquals(
        0,
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("starling-control-"))
            .count(),
        "threads are left");
    await("all sockets closed", () -> sockets() <= socketsBefore);
  }
}
