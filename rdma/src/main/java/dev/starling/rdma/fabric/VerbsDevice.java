package dev.starling.rdma.fabric;

import dev.starling.engine.ConfigurationException;
import dev.starling.rdma.disni.AtomicCapability;
import dev.starling.rdma.disni.DeviceLimits;
import dev.starling.rdma.disni.FfmContext;
import dev.starling.rdma.disni.FfmCq;
import dev.starling.rdma.disni.FfmMr;
import dev.starling.rdma.disni.FfmPd;
import dev.starling.rdma.disni.FfmProvider;
import dev.starling.rdma.disni.FfmQp;
import dev.starling.rdma.disni.LinkLayer;
import dev.starling.rdma.disni.PathOptions;
import dev.starling.rdma.disni.PortInfo;
import dev.starling.rdma.disni.PortState;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * An opened device with one protection domain, the port that is used, and the memory that the
 * device knows. Thread-safe; closed after everything that was made with it.
 */
final class VerbsDevice implements AutoCloseable {
  private static final int HOP_LIMIT = 64;
  private static final int RNR_RETRIES = 6;
  private static final int MIN_RNR_TIMER = 12;
  private static final int PSN_MASK = 0xffffff;

  private final FfmContext context;
  private final VerbsOptions options;
  private final PortInfo port;
  private final byte[] gid;
  private final FfmPd domain;
  private final LocalMemory memory = new LocalMemory();

  private VerbsDevice(
      FfmContext context, VerbsOptions options, PortInfo port, byte[] gid, FfmPd domain) {
    this.context = context;
    this.options = options;
    this.port = port;
    this.gid = gid;
    this.domain = domain;
  }

  /**
   * Opens a device.
   *
   * @param name its name
   * @param options how to use it, concluded; fitted to what the device can do here
   * @return the device, owned by the caller
   * @throws ConfigurationException when its atomics cannot carry locks, or the port is not active
   */
  static VerbsDevice open(String name, VerbsOptions options) {
    FfmProvider.install();
    FfmContext context = FfmContext.open(name);
    try {
      DeviceLimits limits = context.limits();
      if (limits.atomicCap() == AtomicCapability.NONE) {
        throw new ConfigurationException(
            "the device "
                + name
                + " has no atomic operations (ATOMIC_NONE), which the locks need: choose another"
                + " with --rdma-device, or --fabric shm");
      }
      PortInfo port = context.port(options.port());
      if (port.state() != PortState.ACTIVE) {
        throw new ConfigurationException(
            "port %d of the device %s is %s: plug it in, bring its link up, or choose another"
                .formatted(options.port(), name, port.state()));
      }
      options.fit(name, limits, port);
      byte[] gid = context.gid(options.port(), options.gidIndex());
      return new VerbsDevice(context, options, port, gid, context.allocPd());
    } catch (Throwable failure) {
      context.close();
      throw failure;
    }
  }

  String name() {
    return context.deviceName();
  }

  /** {@return device and port, for messages} */
  String where() {
    return context.deviceName() + " port " + options.port();
  }

  VerbsOptions options() {
    return options;
  }

  LocalMemory memory() {
    return memory;
  }

  /** Registers memory, which the device then reads and writes on its own. */
  FfmMr register(MemorySegment segment, int access) {
    FfmMr registration = domain.register(segment, access);
    memory.add(registration);
    return registration;
  }

  /** Takes a registration back; no request that names it may be in flight. */
  void release(FfmMr registration) {
    memory.remove(registration);
    registration.close();
  }

  FfmCq completionQueue(int entries) {
    return FfmCq.create(context, entries);
  }

  FfmQp queuePair(FfmCq completions, int access) {
    FfmQp pair = domain.createQp(completions, completions, options.sendDepth(), 1, 0);
    try {
      pair.init(options.port(), options.pkeyIndex(), access);
      return pair;
    } catch (Throwable failure) {
      pair.close();
      throw failure;
    }
  }

  /** {@return this side of a connection with fresh packet sequence numbers} */
  Endpoint endpoint(List<FfmQp> pairs) {
    List<Integer> psns = new ArrayList<>();
    pairs.forEach(pair -> psns.add(ThreadLocalRandom.current().nextInt() & PSN_MASK));
    DeviceLimits limits = context.limits();
    return new Endpoint(
        port.lid(),
        gid,
        port.activeMtuCode(),
        options.readDepth(),
        Math.max(1, Math.min(255, limits.maxQpRdAtom())),
        pairs.stream().map(FfmQp::number).toList(),
        psns);
  }

  /** Connects queue pairs to the other side's, in order, as far as sending. */
  void connect(List<FfmQp> pairs, Endpoint own, Endpoint other) {
    PathOptions path =
        new PathOptions(
            options.port(),
            options.gidIndex(),
            Math.min(own.mtuCode(), other.mtuCode()),
            Math.min(own.initiatorDepth(), other.responderDepth()),
            Math.min(own.responderDepth(), other.initiatorDepth()),
            options.serviceLevel(),
            options.trafficClass(),
            HOP_LIMIT,
            options.ackTimeout(),
            options.retryCount(),
            RNR_RETRIES,
            MIN_RNR_TIMER,
            port.linkLayer() == LinkLayer.ETHERNET);
    for (int i = 0; i < pairs.size(); i++) {
      pairs.get(i).readyToReceive(other.queuePair(i), path);
      pairs.get(i).readyToSend(own.psns().get(i), path);
    }
  }

  @Override
  public void close() {
    try {
      domain.close();
    } finally {
      context.close();
    }
  }
}
