package dev.starling.rdma.disni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.starling.rdma.FakeVerbs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

/** A queue pair that is connected to itself, and memory to work on. */
final class Loopback implements AutoCloseable {
  static final int LOCAL_WRITE = 1;
  static final int REMOTE_WRITE = 2;
  static final int REMOTE_READ = 4;
  static final int REMOTE_ATOMIC = 8;
  static final int ALL = LOCAL_WRITE | REMOTE_WRITE | REMOTE_READ | REMOTE_ATOMIC;
  static final int PSN = 0x123456;
  static final int PORT = 1;

  final Arena arena = Arena.ofShared();
  final FfmContext context;
  final FfmPd pd;
  final FfmCq cq;
  final FfmQp qp;
  final SendRequests requests = new SendRequests(64);
  final Completions completions = new Completions(64);

  Loopback() {
    this(ALL);
  }

  Loopback(int qpAccess) {
    Cleanup cleanup = new Cleanup();
    cleanup.add(arena);
    cleanup.add(requests);
    cleanup.add(completions);
    try {
      context = cleanup.add(FfmContext.open(FakeVerbs.device()));
      pd = cleanup.add(context.allocPd());
      cq = cleanup.add(FfmCq.create(context, 128));
      qp = cleanup.add(pd.createQp(cq, cq, 64, 16, 64));
      connect(qp, qp, qpAccess);
      connectTo(qp, qp);
    } catch (Throwable failure) {
      cleanup.run(failure);
      throw failure;
    }
  }

  static void connect(FfmQp qp, FfmQp remote, int access) {
    qp.init(PORT, 0, access);
  }

  static void connectTo(FfmQp qp, FfmQp remote) {
    FfmContext context = qp.context();
    PortInfo port = context.port(PORT);
    PathOptions path = path(context, port);
    int gidIndex = path.gidIndex();
    qp.readyToReceive(
        new RemoteQp(remote.number(), PSN, port.lid(), context.gid(PORT, gidIndex)), path);
    qp.readyToSend(PSN, path);
  }

  static PathOptions path(FfmContext context, PortInfo port) {
    DeviceLimits limits = context.limits();
    return new PathOptions(
        PORT,
        gidIndex(context, port),
        port.activeMtuCode(),
        Math.min(16, limits.maxQpInitRdAtom()),
        Math.min(16, limits.maxQpRdAtom()),
        0,
        0,
        1,
        12,
        6,
        6,
        12,
        port.linkLayer() == LinkLayer.ETHERNET);
  }

  /** The first IPv4-mapped GID, as RoCE v2 needs, else the first. */
  private static int gidIndex(FfmContext context, PortInfo port) {
    for (int i = 0; i < Math.min(16, port.gidTableLength()); i++) {
      byte[] gid = context.gid(PORT, i);
      if (gid[10] == (byte) 0xff && gid[11] == (byte) 0xff && gid[12] != 0) {
        return i;
      }
    }
    return 0;
  }

  MemorySegment memory(long lengthBytes) {
    return arena.allocate(lengthBytes, 4096);
  }

  /** Posts slots and waits until one completion arrived; gives its status. */
  int run(int firstSlot, int count) {
    assertEquals(0, requests.post(qp, firstSlot, count), () -> "bad slot " + requests.badSlot());
    return await(completions, cq);
  }

  static int await(Completions completions, FfmCq cq) {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (System.nanoTime() < deadlineNs) {
      if (completions.poll(cq) > 0) {
        return completions.status(0);
      }
      Thread.onSpinWait();
    }
    return fail("no completion within 30 s");
  }

  @Override
  public void close() {
    qp.close();
    cq.close();
    pd.close();
    context.close();
    requests.close();
    completions.close();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
