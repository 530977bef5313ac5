package dev.starling.engine.rendezvous;

import dev.starling.engine.StarlingException;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The link's thread: one selector over the listening socket and all connections, a queue of what
 * other threads want done, and the timers. What frames mean is decided in {@link Mesh} and {@link
 * Joining}.
 */
final class LinkLoop implements Runnable, Connection.Sink {
  /** How the link ends. */
  enum Ending {
    /** In good order. */
    LEAVE,
    /** Without a word. */
    CUT
  }

  private record Command(Runnable task, Runnable otherwise) {}

  private static final int MAX_COMMANDS = 1 << 16;
  private static final int SPARE_STRANGERS = 64;
  private static final long MAX_TICK_NS = 20_000_000L;
  private static final long MIN_TICK_NS = 1_000_000L;
  private static final long GREETING_NS = 5_000_000_000L;
  private static final long LEAVE_NS = 1_000_000_000L;

  private final ControlLink.Context context;
  private final MemberTable table;
  private final Selector selector;
  private final Listening listening;
  private final Requests requests;
  private final Directory directory;
  private final Mesh mesh;
  private final Joining joining;
  private final long tickNs;
  private final int maxStrangers;
  private final Set<Connection> connections = new LinkedHashSet<>();
  private final Set<Connection> outputs = new LinkedHashSet<>();
  private final ConcurrentLinkedQueue<Command> commands = new ConcurrentLinkedQueue<>();
  private final AtomicInteger commandCount = new AtomicInteger();
  private final CountDownLatch admission = new CountDownLatch(1);
  private volatile StarlingException refusal;
  private volatile Ending ending;
  private long nowNs = System.nanoTime();
  private long nextTickNs = nowNs;

  LinkLoop(ControlLink.Context context, MemberTable table) {
    this.context = context;
    this.table = table;
    tickNs = Math.clamp(context.heartbeatNs() / 4, MIN_TICK_NS, MAX_TICK_NS);
    maxStrangers = SPARE_STRANGERS + 2 * context.worldSize();
    requests = new Requests(context, this::uncaught);
    listening = Listening.open(context);
    directory = new Directory(context, table, listening.port());
    mesh = new Mesh(this, context, table, requests, directory);
    joining =
        new Joining(this, context, mesh, directory, listening.asWished() && context.rank() == 0);
    selector = openSelector();
  }

  private Selector openSelector() {
    try {
      Selector opened = Selector.open();
      listening.server().register(opened, SelectionKey.OP_ACCEPT);
      return opened;
    } catch (IOException failure) {
      try {
        listening.server().close();
      } catch (IOException second) {
        failure.addSuppressed(second);
      }
      throw new StarlingException(
          "the control link of rank "
              + context.rank()
              + " cannot open a selector ("
              + failure.getMessage()
              + "): raise the number of files that a process may open (ulimit -n)",
          failure);
    }
  }

  // Other threads.

  Mesh mesh() {
    return mesh;
  }

  Requests requests() {
    return requests;
  }

  Directory directory() {
    return directory;
  }

  Endpoint listensAt() {
    return new Endpoint(directory.ownHost(), listening.port());
  }

  void submit(Runnable task) {
    submit(task, () -> {});
  }

  /** Has something done by the link's thread; otherwise is run when the link ends before. */
  void submit(Runnable task, Runnable otherwise) {
    StarlingException failure = table.failure();
    if (failure != null) {
      throw new StarlingException(failure.getMessage(), failure);
    }
    if (commandCount.incrementAndGet() > MAX_COMMANDS) {
      commandCount.decrementAndGet();
      throw new StarlingException(
          MAX_COMMANDS
              + " requests and signals wait for the control link of rank "
              + context.rank()
              + ": ask less at a time");
    }
    commands.add(new Command(task, otherwise));
    if (table.failure() != null) {
      // The thread may have ended between the first look and the queue.
      drainCommands();
    }
    selector.wakeup();
  }

  /** Has something done by the link's thread, or not at all when the link has ended. */
  void post(Runnable task) {
    commandCount.incrementAndGet();
    commands.add(new Command(task, () -> {}));
    selector.wakeup();
  }

  private void drainCommands() {
    for (Command next = commands.poll(); next != null; next = commands.poll()) {
      commandCount.decrementAndGet();
      guarded(next.otherwise());
    }
  }

  void failed(ControlLink.Reply reply) {
    requests.fail(reply, ended().getMessage());
  }

  void awaitAdmission() {
    // The link's own deadline comes first and knows more; this one is for a thread that hangs.
    long limitNs = context.joinTimeoutNs() + 5 * LEAVE_NS;
    try {
      if (!admission.await(limitNs, TimeUnit.NANOSECONDS)) {
        throw new StarlingException(
            "the control link of rank "
                + context.rank()
                + " hangs: a listener of it waits, look at thread starling-control-"
                + context.rank());
      }
    } catch (InterruptedException interrupt) {
      Thread.currentThread().interrupt();
      throw new StarlingException(
          "joining of rank " + context.rank() + " was interrupted: open the link again", interrupt);
    }
    if (refusal != null) {
      throw new StarlingException(refusal.getMessage(), refusal);
    }
  }

  void end(Ending how) {
    if (ending == null || how == Ending.CUT) {
      ending = how;
    }
    selector.wakeup();
  }

  // The link's thread.

  long nowNs() {
    return nowNs;
  }

  Joining joining() {
    return joining;
  }

  /** The rank is admitted and all links are up, or it is refused. */
  void admitted(StarlingException failure) {
    if (admission.getCount() > 0) {
      refusal = failure;
      admission.countDown();
    }
    if (failure != null) {
      end(Ending.CUT);
    }
  }

  /** Calls the listener; what it throws does not end the link. */
  void tell(Consumer<ControlLink.Listener> call) {
    guarded(() -> call.accept(context.listener()));
  }

  private void guarded(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException failure) {
      uncaught(failure);
    }
  }

  private void uncaught(Throwable failure) {
    Thread thread = Thread.currentThread();
    thread.getUncaughtExceptionHandler().uncaughtException(thread, failure);
  }

  @Override
  public void run() {
    StarlingException cause = null;
    try {
      joining.start();
      while (ending == null) {
        step();
      }
      if (ending == Ending.LEAVE) {
        leave();
      }
    } catch (IOException | RuntimeException failure) {
      cause =
          new StarlingException(
              "the control link of rank " + context.rank() + " failed (" + failure + ")", failure);
    } finally {
      cut(cause == null ? ended() : cause);
    }
  }

  private StarlingException ended() {
    return new StarlingException(
        "the control link of rank " + context.rank() + " is closed: open another one");
  }

  private void step() throws IOException {
    long waitNs = Math.max(nextTickNs - System.nanoTime(), 0);
    if (outputs.isEmpty() && commands.isEmpty()) {
      selector.select(Math.max(waitNs / 1_000_000, 1));
    } else {
      selector.selectNow();
    }
    long before = nowNs;
    nowNs = System.nanoTime();
    mesh.slept(nowNs - before - tickNs);
    for (SelectionKey key : selector.selectedKeys()) {
      ready(key);
    }
    selector.selectedKeys().clear();
    for (int i = commandCount.get(); i > 0; i--) {
      Command next = commands.poll();
      if (next == null) {
        break;
      }
      commandCount.decrementAndGet();
      guarded(next.task());
    }
    if (nowNs - nextTickNs >= 0) {
      nextTickNs = nowNs + tickNs;
      mesh.tick();
      joining.tick();
      requests.tick(nowNs);
      expire();
    }
    flush();
  }

  private void ready(SelectionKey key) throws IOException {
    if (!key.isValid()) {
      return;
    }
    if (key.isAcceptable()) {
      accept();
      return;
    }
    Connection connection = (Connection) key.attachment();
    try {
      connection.onReady();
    } catch (LinkException | IOException failure) {
      if (failure instanceof ConnectException) {
        connection.nobodyListens();
      }
      boolean lasting = failure instanceof LinkException known && known.isLasting();
      if (lasting && connection.purpose() == Connection.Purpose.JOIN) {
        onRefused(connection, Refusal.FINAL, sentence(failure));
      } else {
        broken(connection, failure);
      }
    }
  }

  /** Does for a connection what waited; a peer that does not follow the protocol loses it. */
  void resume(Connection connection, Runnable afterwards) {
    try {
      afterwards.run();
    } catch (LinkException failure) {
      broken(connection, failure);
    }
  }

  private static String sentence(Exception failure) {
    return failure.getMessage() == null ? failure.toString() : failure.getMessage();
  }

  private void accept() throws IOException {
    for (SocketChannel channel = listening.server().accept();
        channel != null;
        channel = listening.server().accept()) {
      InetSocketAddress remote = (InetSocketAddress) channel.getRemoteAddress();
      if (connections.stream().filter(c -> c.member() == null).count() >= maxStrangers) {
        channel.close();
        tell(
            listener ->
                listener.onRefused(
                    remote
                        + " was refused: "
                        + maxStrangers
                        + " connections have not said who they are, look for what opens them"));
        continue;
      }
      register(
          channel,
          new Connection(
              channel, Connection.Purpose.ACCEPTED, remote, context, this, nowNs + GREETING_NS),
          SelectionKey.OP_READ);
    }
  }

  private void register(SocketChannel channel, Connection connection, int operations)
      throws IOException {
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    connection.key(channel.register(selector, operations, connection));
    connections.add(connection);
  }

  /**
   * Connects to an address.
   *
   * @return the connection, which tells its sink how it goes on; broken already when the kernel
   *     refuses at once
   */
  Connection dial(
      Connection.Purpose purpose, InetSocketAddress address, Member member, long limitNs) {
    try {
      SocketChannel channel = SocketChannel.open();
      Connection connection =
          new Connection(channel, purpose, address, context, this, nowNs + limitNs);
      connection.member(member);
      try {
        register(channel, connection, SelectionKey.OP_CONNECT);
        if (channel.connect(address)) {
          connection.connected();
        }
      } catch (IOException | LinkException failure) {
        // Told later, so that nobody is called back from within dialling.
        if (failure instanceof ConnectException) {
          connection.nobodyListens();
        }
        connection.fail(sentence(failure));
      }
      return connection;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  @Override
  public void onSealed(Connection connection) {
    switch (connection.purpose()) {
      case JOIN -> joining.onSealed(connection);
      case MEET -> mesh.sendMeet(connection);
      case INVITE -> mesh.sendInvite(connection);
      default -> {
        // The peer says what it wants.
      }
    }
  }

  @Override
  public void onFrame(Connection connection, int kind, ByteBuffer body) {
    switch (kind) {
      case Frame.JOIN -> joining.onJoin(connection, body);
      case Frame.WELCOME -> joining.onWelcome(connection, body);
      case Frame.INVITE -> joining.onInvite(connection, body);
      case Frame.REFUSED -> onRefused(connection, Frame.getInt(body), Frame.getText(body));
      default -> mesh.onFrame(connection, kind, body);
    }
  }

  private void onRefused(Connection connection, int code, String text) {
    discard(connection);
    switch (connection.purpose()) {
      case JOIN -> joining.onRefused(code, text);
      case MEET -> mesh.onRefused(connection, code, text);
      case INVITE -> joining.onInviteRefused(text);
      default -> tell(listener -> listener.onWarning(text));
    }
  }

  @Override
  public void onOutput(Connection connection) {
    outputs.add(connection);
  }

  private void flush() {
    for (Connection connection : List.copyOf(outputs)) {
      outputs.remove(connection);
      try {
        if (connection.failure() != null && connections.contains(connection)) {
          throw new LinkException(connection.failure());
        }
        if (connection.isOpen()) {
          connection.flush();
        }
      } catch (LinkException | IOException failure) {
        broken(connection, failure);
      }
    }
  }

  private void expire() {
    for (Connection connection : new ArrayList<>(connections)) {
      if (nowNs - connection.deadlineNs() < 0 || connection.deadlineNs() == Long.MAX_VALUE) {
        continue;
      }
      if (connection.isDraining()) {
        discard(connection);
      } else {
        broken(connection, new LinkException("it did not answer in time"));
      }
    }
  }

  /** Closes a connection without telling anybody. */
  void discard(Connection connection) {
    connection.close();
    connections.remove(connection);
    outputs.remove(connection);
  }

  /** A stranger sent what makes no sense, or began to say who it is and did not end. */
  private void repel(Connection stranger, String reason) {
    tell(l -> l.onRefused(stranger.remote() + " was refused: " + reason));
    if (stranger.isSealed()) {
      discard(stranger);
      joining.onBroken(stranger, reason);
    } else {
      stranger.refuse(reason, nowNs);
    }
  }

  private void broken(Connection connection, Exception failure) {
    boolean stranger =
        connection.purpose() == Connection.Purpose.ACCEPTED && connection.member() == null;
    if (failure instanceof LinkException
        && stranger
        && connection.hasHeard()
        && !connection.isDraining()) {
      repel(connection, failure.getMessage());
      return;
    }
    boolean draining = connection.isDraining();
    discard(connection);
    if (!draining) {
      joining.onBroken(connection, sentence(failure));
      mesh.onBroken(connection, sentence(failure));
    }
  }

  /** Ends a connection with a sentence for the peer, and a line for the listener here. */
  void refuse(Connection connection, int code, Identity who, String reason, boolean silent) {
    connection.send(new Frame(Frame.REFUSED).putInt(code).putText(reason));
    connection.drain(nowNs);
    if (!silent) {
      tell(l -> l.onRefused(who + " from " + connection.remote() + " was refused: " + reason));
    }
  }

  private void leave() throws IOException {
    mesh.leave();
    for (Connection connection : List.copyOf(connections)) {
      if (!connection.isDraining()) {
        discard(connection);
      }
    }
    long deadlineNs = System.nanoTime() + LEAVE_NS;
    while (!connections.isEmpty() && System.nanoTime() - deadlineNs < 0) {
      flush();
      selector.select(1);
      nowNs = System.nanoTime();
      for (SelectionKey key : selector.selectedKeys()) {
        if (key.isValid() && !key.isAcceptable()) {
          ready(key);
        }
      }
      selector.selectedKeys().clear();
      connections.removeIf(connection -> !connection.isOpen());
    }
  }

  private void close(Closeable open) {
    try {
      open.close();
    } catch (IOException failure) {
      uncaught(failure);
    }
  }

  /** Closes everything; nobody is waited for. */
  private void cut(StarlingException cause) {
    table.fail(cause);
    admitted(cause);
    close(listening.server());
    connections.forEach(Connection::close);
    connections.clear();
    close(selector);
    requests.failAll(cause.getMessage());
    drainCommands();
  }
}
