package dev.starling.rdma.fabric;

import dev.starling.engine.StarlingException;
import dev.starling.engine.replica.AttachmentTable;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.jextract.verbs.Ibverbs;
import dev.starling.rdma.disni.FfmCq;
import dev.starling.rdma.disni.FfmMr;
import dev.starling.rdma.disni.FfmQp;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The passive side of an exposed replica: its two registrations and the queue pairs of whoever is
 * attached. Nothing is ever posted on them; the device serves them alone.
 *
 * <pre>
 *   region:  header .. pairings | control lines | planes 0-2 of all stripes | fourth planes
 *   access:        none         | READ, ATOMIC  |       READ, WRITE         | as the planes, if reserved
 * </pre>
 *
 * <p>Attaching and detaching happen on the control channel's thread, fencing on the communication
 * agent's, closing on the thread that closes the worker; a lock keeps them apart.
 */
final class VerbsHome implements AutoCloseable {
  private record Attachment(int rank, int epoch, boolean direct, FfmCq queue, List<FfmQp> pairs)
      implements AutoCloseable {
    /** To ERR, or, where the device refuses that, gone: nothing arrives through them any more. */
    void cutOff() {
      for (FfmQp pair : pairs) {
        try {
          if (pair.isOpen()) {
            pair.error();
          }
        } catch (StarlingException refused) {
          pair.close();
        }
      }
    }

    /** To ERR first: nothing may arrive while they are taken down. */
    @Override
    public void close() {
      List<AutoCloseable> all = new ArrayList<>();
      pairs.stream().filter(FfmQp::isOpen).forEach(pair -> all.add(pair::error));
      all.addAll(pairs);
      all.add(queue);
      Closing.all("taking down the connection of rank " + rank, all);
    }
  }

  private final VerbsDevice device;
  private final Replica replica;
  private final ReplicaLayout layout;
  private final FfmMr control;
  private final FfmMr data;
  private final AttachReply.Window controlWindow;
  private final AttachReply.Window dataWindow;
  private final List<Attachment> attachments = new ArrayList<>();
  private final AttachReply.Outcome[] outcomes;
  private boolean closed;

  VerbsHome(VerbsDevice device, Replica replica) {
    this.device = device;
    this.replica = replica;
    layout = replica.layout();
    outcomes = new AttachReply.Outcome[layout.workers() + 1];
    boolean fourth = device.options().reserveFourthPlane();
    if (fourth) {
      replica.reserveFourthPlanes();
    }
    long from = layout.lineOffset(0);
    long lines = (long) layout.stripes() * ControlLine.LENGTH_BYTES;
    control =
        device.register(
            replica.segment().asSlice(from, lines),
            Ibverbs.IBV_ACCESS_LOCAL_WRITE()
                | Ibverbs.IBV_ACCESS_REMOTE_READ()
                | Ibverbs.IBV_ACCESS_REMOTE_ATOMIC());
    try {
      long planes = layout.planeOffset(0, 0);
      long end = fourth ? layout.lengthBytes() : layout.reservedBytes();
      MemorySegment range = replica.segment().asSlice(planes, end - planes);
      data =
          device.register(
              range,
              Ibverbs.IBV_ACCESS_LOCAL_WRITE()
                  | Ibverbs.IBV_ACCESS_REMOTE_READ()
                  | Ibverbs.IBV_ACCESS_REMOTE_WRITE());
    } catch (Throwable failure) {
      Closing.after(failure, () -> device.release(control));
      throw failure;
    }
    controlWindow = window(control);
    dataWindow = window(data);
  }

  private AttachReply.Window window(FfmMr registration) {
    return new AttachReply.Window(
        registration.addressLong() - replica.segment().address(),
        registration.lengthBytes(),
        registration.addressLong(),
        registration.rkey());
  }

  Replica replica() {
    return replica;
  }

  /** Connects a worker or reader; locks that it took through earlier connections count as dead. */
  synchronized AttachReply attach(AttachRequest request) {
    if (closed) {
      return AttachReply.refused("rank " + replica.rank() + " is leaving");
    }
    if (request.jobId() != replica.jobId() || request.shapeHash() != layout.shapeHash()) {
      return AttachReply.refused(
          ("rank %d has job %x and a model of shape %x, rank %d expects job %x and shape %x: start"
                  + " every rank with the same model, stripes and number of workers")
              .formatted(
                  replica.rank(),
                  replica.jobId(),
                  layout.shapeHash(),
                  request.rank(),
                  request.jobId(),
                  request.shapeHash()));
    }
    int rank = request.rank();
    if (rank < 0 || rank > layout.readerRank()) {
      return AttachReply.refused("the job has no rank " + rank);
    }
    if (request.direct() && rank != replica.rank() && !device.options().reserveFourthPlane()) {
      return AttachReply.refused(
          ("rank %d writes the planes of rank %d by store and cannot be cut off from them: open the"
                  + " fabric of that rank with reserveFourthPlane")
              .formatted(rank, replica.rank()));
    }
    if (rank != replica.rank() && rank < layout.workers()) {
      detach(rank, Integer.MAX_VALUE);
    }
    int epoch = AttachmentTable.issueEpoch(replica.segment(), rank, request.incarnation());
    Endpoint own = open(request, epoch);
    AttachReply.Outcome outcome = outcomes[Math.min(rank, layout.workers())];
    return new AttachReply(
        "",
        epoch,
        controlWindow,
        dataWindow,
        outcome == null ? AttachReply.Outcome.NONE : outcome,
        own);
  }

  private Endpoint open(AttachRequest request, int epoch) {
    int access =
        Ibverbs.IBV_ACCESS_REMOTE_READ()
            | Ibverbs.IBV_ACCESS_REMOTE_WRITE()
            | Ibverbs.IBV_ACCESS_REMOTE_ATOMIC();
    List<FfmQp> pairs = new ArrayList<>();
    FfmCq queue = device.completionQueue(1);
    try {
      for (int i = 0; i < request.endpoint().numbers().size(); i++) {
        pairs.add(device.queuePair(queue, access));
      }
      Endpoint own = device.endpoint(pairs);
      device.connect(pairs, own, request.endpoint());
      attachments.add(new Attachment(request.rank(), epoch, request.direct(), queue, pairs));
      return own;
    } catch (Throwable failure) {
      Closing.after(failure, new Attachment(request.rank(), epoch, request.direct(), queue, pairs));
      throw failure;
    }
  }

  /** Takes down the connections of a rank up to an epoch. */
  synchronized void detach(int rank, int epoch) {
    for (Attachment attachment : List.copyOf(attachments)) {
      if (attachment.rank == rank && attachment.epoch <= epoch) {
        attachments.remove(attachment);
        attachment.close();
      }
    }
  }

  /** Takes down one connection, whose owner says that it is done with it. */
  synchronized void detachOne(int rank, int epoch) {
    for (Attachment attachment : List.copyOf(attachments)) {
      if (attachment.rank == rank && attachment.epoch == epoch) {
        attachments.remove(attachment);
        attachment.close();
      }
    }
  }

  /**
   * Cuts a rank off, up to an epoch; a reader only with this very epoch, since there may be
   * several.
   *
   * @return whether nothing of it can arrive any more: not so when it writes by store
   */
  synchronized boolean fence(int rank, int epoch) {
    boolean direct = false;
    for (Attachment attachment : attachments) {
      boolean meant =
          rank < layout.workers() ? attachment.epoch <= epoch : attachment.epoch == epoch;
      if (attachment.rank == rank && meant) {
        attachment.cutOff();
        direct |= attachment.direct;
      }
    }
    return !direct;
  }

  /** Remembers what became of a rank's lock, for when it connects again. */
  synchronized void fenced(int rank, int stripe, long version) {
    AttachReply.Outcome before = outcomes[Math.min(rank, layout.workers())];
    long fences = before == null ? 1 : before.fences() + 1;
    outcomes[Math.min(rank, layout.workers())] = new AttachReply.Outcome(fences, stripe, version);
  }

  /** Cuts everybody off, then takes the registrations back; the replica's memory is next. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    List<AutoCloseable> all = new ArrayList<>(attachments);
    attachments.clear();
    all.add(() -> device.release(data));
    all.add(() -> device.release(control));
    Closing.all(
        "withdrawing the replica of rank " + replica.rank() + " from " + device.where(), all);
  }
}
