package dev.starling.rdma.disni;

import static dev.starling.jextract.verbs.Ibverbs.ibv_dereg_mr;

import com.ibm.disni.verbs.IbvMr;
import dev.starling.engine.ConfigurationException;
import dev.starling.jextract.verbs.ibv_mr;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A registered memory region. It pins its pages until it is closed, and keeps the Java object that
 * its memory came from alive.
 *
 * <p>DiSNI keeps lengths as {@code int}: {@link #getLength()} fails for a region of more than
 * {@link Integer#MAX_VALUE} bytes, {@link #lengthBytes()} never does.
 *
 * <p>Threads: any; closed once by its owner after the last request that names it has completed.
 */
public final class FfmMr extends IbvMr implements AutoCloseable {
  /** Open regions and what their memory came from: a region that its user forgets stays pinned. */
  private static final Map<FfmMr, Object> KEPT_ALIVE = new ConcurrentHashMap<>();

  private final FfmPd pd;
  private final MemorySegment mr;
  private final long lengthBytes;

  FfmMr(FfmPd pd, MemorySegment mr, int access, Object keptAlive) throws IOException {
    super(
        pd.device(),
        ibv_mr.addr(mr).address(),
        (int) Math.min(Integer.MAX_VALUE, ibv_mr.length(mr)),
        access,
        ibv_mr.lkey(mr),
        ibv_mr.rkey(mr),
        ibv_mr.handle(mr));
    this.pd = pd;
    this.mr = mr;
    this.lengthBytes = ibv_mr.length(mr);
    if (keptAlive != null) {
      KEPT_ALIVE.put(this, keptAlive);
    }
  }

  /** {@return the address of the first byte} */
  public long addressLong() {
    return addr;
  }

  /** {@return the length in bytes} */
  public long lengthBytes() {
    return lengthBytes;
  }

  /** {@return the key for local use} */
  public int lkey() {
    return lkey;
  }

  /** {@return the key for a peer's use} */
  public int rkey() {
    return rkey;
  }

  /**
   * Gives the length as DiSNI does.
   *
   * @return the length in bytes
   * @throws ConfigurationException if an {@code int} cannot hold it
   */
  @Override
  public int getLength() {
    if (lengthBytes > Integer.MAX_VALUE) {
      throw new ConfigurationException(
          "the memory region at 0x%x on RDMA device %s has %d bytes, more than DiSNI's int length"
                  .formatted(addr, pd.device().deviceName(), lengthBytes)
              + " can hold: use FfmMr.lengthBytes()");
    }
    return (int) lengthBytes;
  }

  @Override
  public String toString() {
    return "memory region of %d bytes at 0x%x, lkey 0x%x, rkey 0x%x"
        .formatted(lengthBytes, addr, lkey, rkey);
  }

  /** Deregisters the memory: {@code ibv_dereg_mr(3)}; closing twice does nothing. */
  @Override
  public synchronized void close() {
    if (!isOpen) {
      return;
    }
    int errno = ibv_dereg_mr(mr);
    if (errno != 0) {
      throw VerbCall.failure(
          errno,
          pd.device().deviceName(),
          "ibv_dereg_mr",
          "deregistering " + this,
          "free the memory windows bound to it first");
    }
    isOpen = false;
    KEPT_ALIVE.remove(this);
  }

  /** {@return the domain it is registered in} */
  FfmPd pd() {
    return pd;
  }
}
