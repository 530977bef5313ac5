package dev.starling.rdma.fabric;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.ControlChannel;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.memory.SharedFile;
import dev.starling.engine.replica.AttachmentTable;
import dev.starling.jextract.libc.Libc;
import dev.starling.rdma.disni.Completions;
import dev.starling.rdma.disni.FfmQp;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A connection to a replica through the device: the {@link Operations} in flight, the queue pairs
 * that carry them, and what is done when one fails.
 *
 * <pre>
 *   OPEN --completion in error, or no progress within the limit--> BROKEN: queue pairs to ERR, what is
 *        in flight flushes, everything fails --> closed by whoever uses it, connected anew
 * </pre>
 *
 * <p>Belongs to one thread; no call waits or allocates, but for {@link #close()} and a failure.
 */
final class VerbsRemote implements Remote {
  private static final int POLLED_AT_ONCE = 16;
  private static final int LOOK_INTERVAL = 64;
  private static final long DRAIN_NS = 2_000_000_000L;

  private final VerbsDevice device;
  private final Connection connection;
  private final RegionDescriptor home;
  private final ControlChannel channel;
  private final Consumer<String> tell;
  private final SharedFile mapped;
  private final MemorySegment direct;
  private final int localRank;
  private final Operations operations;
  private final Completions completions;
  private final long progressLimitNs;

  private boolean broken;
  private boolean closed;

  /** Whether something completed, or began after a pause, since {@link #progressNs} was set. */
  private boolean progressed;

  private long progressNs;
  private int idlePolls;

  /**
   * Creates a remote on an established connection, which it owns from now on.
   *
   * @param device the device
   * @param connection queue pairs that are ready to send
   * @param home the replica
   * @param localRank who uses it
   * @param mapped the replica's file, when the peer runs on this host, owned from now on; else null
   * @param direct the replica's memory, or null
   * @param channel tells the peer's state
   * @param tell takes a sentence for people when the connection breaks
   */
  VerbsRemote(
      VerbsDevice device,
      Connection connection,
      RegionDescriptor home,
      int localRank,
      SharedFile mapped,
      MemorySegment direct,
      ControlChannel channel,
      Consumer<String> tell) {
    this.device = device;
    this.connection = connection;
    this.home = home;
    this.localRank = localRank;
    this.mapped = mapped;
    this.direct = direct;
    this.channel = channel;
    this.tell = tell;
    progressLimitNs = device.options().progressLimitNs();
    operations = new Operations(device, connection);
    completions = new Completions(POLLED_AT_ONCE);
    progressNs = System.nanoTime();
  }

  @Override
  public int rank() {
    return home.rank();
  }

  @Override
  public int epoch() {
    return connection.reply().epoch();
  }

  @Override
  public int incarnation() {
    return home.incarnation();
  }

  @Override
  public PeerState state() {
    PeerState known =
        home.rank() == localRank ? PeerState.ALIVE : channel.state(home.rank(), home.incarnation());
    return known == PeerState.ALIVE && broken ? PeerState.BROKEN : known;
  }

  @Override
  public MemorySegment direct() {
    return direct;
  }

  @Override
  public void readWord(long offsetBytes, long tag) {
    begin();
    operations.readWord(offsetBytes, tag);
  }

  @Override
  public void read(
      long offsetBytes, MemorySegment into, long intoOffset, long lengthBytes, long tag) {
    begin();
    operations.read(offsetBytes, into.address() + intoOffset, lengthBytes, tag);
  }

  @Override
  public void write(
      long offsetBytes, MemorySegment from, long fromOffset, long lengthBytes, long tag) {
    begin();
    operations.write(offsetBytes, from.address() + fromOffset, lengthBytes, tag);
  }

  @Override
  public void compareAndSwap(long offsetBytes, long expected, long desired, long tag) {
    begin();
    operations.compareAndSwap(offsetBytes, expected, desired, tag);
  }

  /** The limit on progress counts from the first operation after a pause. */
  private void begin() {
    if (operations.inFlight() == 0) {
      progressed = true;
    }
  }

  @Override
  public int poll(CompletionHandler handler) {
    post();
    int count = operations.inFlight() > 0 ? completions.poll(connection.queue()) : 0;
    for (int i = 0; i < count; i++) {
      if (completions.status(i) != 0 && !broken) {
        breakOff(describe(i));
      }
      operations.completed(completions.wrId(i), completions.status(i) == 0);
    }
    if (count > 0) {
      progressed = true;
      idlePolls = 0;
      post();
    } else if (operations.inFlight() > 0 && ++idlePolls % LOOK_INTERVAL == 0) {
      look();
    }
    return operations.deliver(handler);
  }

  private void post() {
    int errno = operations.post();
    if (errno != 0 && !broken) {
      breakOff(
          "posting a %s to queue pair %d failed with errno %d%s"
              .formatted(
                  Operations.nameOf(operations.failedKind()),
                  operations.failedQueuePair(),
                  errno,
                  meaning(errno)));
    }
  }

  private static String meaning(int errno) {
    if (errno == Libc.ENOMEM()) {
      return " (ENOMEM: its send queue is full)";
    }
    return errno == Libc.EINVAL() ? " (EINVAL: a misaligned or refused request)" : "";
  }

  /**
   * Nothing came for a while: has the device forgotten the requests? The clock is read here only,
   * since that costs as much as an operation.
   */
  private void look() {
    if (progressed) {
      progressed = false;
      progressNs = System.nanoTime();
      return;
    }
    long silentNs = System.nanoTime() - progressNs;
    if (!broken && silentNs > progressLimitNs) {
      breakOff(
          "%d requests made no progress for %d ms"
              .formatted(operations.inFlight(), silentNs / 1_000_000));
      progressNs = System.nanoTime();
    } else if (broken && silentNs > DRAIN_NS) {
      // The device does not even flush: without queue pairs nothing of them can move any more.
      connection.destroyQueuePairs();
      operations.abandon();
    }
  }

  private String describe(int i) {
    return "%s failed on queue pair %d: %s, vendor error 0x%x"
        .formatted(
            Operations.nameOf(operations.kindOf(completions.wrId(i))),
            completions.qpNumber(i),
            Completions.statusName(completions.status(i)),
            completions.vendorError(i));
  }

  private void breakOff(String what) {
    broken = true;
    operations.stop();
    String unheard = "";
    for (FfmQp pair : connection.pairs()) {
      try {
        pair.error();
      } catch (StarlingException failure) {
        // It is destroyed when it does not flush.
        unheard = " (and " + failure.getMessage() + ")";
      }
    }
    tell.accept(
        "%s: the connection of rank %d to rank %d broke: %s%s; it is connected anew if that rank lives"
            .formatted(device.where(), localRank, home.rank(), what, unheard));
  }

  /** {@return the numbers of its queue pairs} */
  List<Integer> queuePairs() {
    return connection.pairs().stream().map(FfmQp::number).toList();
  }

  /** Only who writes by store needs to say that it does not write any more. */
  @Override
  public void settle() {
    if (mapped != null) {
      long fences = AttachmentTable.fences(direct, localRank);
      if (fences != AttachmentTable.acknowledged(direct, localRank)) {
        AttachmentTable.acknowledge(direct, localRank, fences);
      }
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    List<AutoCloseable> all = new ArrayList<>(List.of(connection, operations, completions));
    if (mapped != null) {
      all.add(mapped);
    }
    Closing.all("closing the connection to rank " + home.rank(), all);
  }
}
