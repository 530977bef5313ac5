package dev.starling.cuda.pass;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaEvent;
import dev.starling.cuda.CudaStream;
import dev.starling.cuda.Failures;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;

/**
 * The features of a data set in the memory of a device, one copy for all passes of the process and
 * all views of the data set. Counted: the last user frees it.
 *
 * <p>Safe from any thread. One lock orders uploads and releases; who wants the same data set at the
 * same time waits until the upload is done.
 */
final class DeviceSamples {
  private static final long STAGING_BYTES = 8L << 20;

  /** Guards {@link #OPEN} and every instance's context and count. */
  private static final Object LOCK = new Object();

  private static final Map<Key, DeviceSamples> OPEN = new HashMap<>();

  private final Key key;
  private final CudaContext context;
  private final long address;
  private int users;

  private DeviceSamples(Key key, long limitNs) {
    this.key = key;
    context = CudaContext.open(key.ordinal());
    PinnedPool pinned = new PinnedPool(context);
    try {
      long bytes = (long) key.features().length * Float.BYTES;
      address = context.allocate("features of a data set", bytes).address();
      upload(pinned.allocate("staging of a data set", Math.min(bytes, STAGING_BYTES)), limitNs);
      pinned.close();
    } catch (RuntimeException failed) {
      abandon(pinned, new Failures(failed));
      throw failed;
    }
  }

  /** What the device may still be reading stays mapped. */
  private void abandon(PinnedPool pinned, Failures failures) {
    failures.run(context::close);
    if (context.isClosed()) {
      failures.run(pinned::close);
    }
  }

  /**
   * Features on a device; arrays are compared by identity.
   *
   * @param ordinal the driver's number of the device
   * @param features the array
   */
  private record Key(int ordinal, float[] features) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Key key && key.ordinal == ordinal && key.features == features;
    }

    @Override
    public int hashCode() {
      return 31 * System.identityHashCode(features) + ordinal;
    }
  }

  /**
   * Finds or uploads features, and counts a user.
   *
   * @param context the user's hold on the device
   * @param features the array of the data set
   * @param limitNs bound of the wait for each piece
   * @return the features, or null if they would take more than half of the device's free memory
   */
  static DeviceSamples acquire(CudaContext context, float[] features, long limitNs) {
    Key key = new Key(context.ordinal(), features);
    synchronized (LOCK) {
      DeviceSamples samples = OPEN.get(key);
      if (samples == null) {
        if ((long) features.length * Float.BYTES > context.freeBytes() / 2) {
          return null;
        }
        samples = new DeviceSamples(key, limitNs);
        OPEN.put(key, samples);
      }
      samples.users++;
      return samples;
    }
  }

  /** Counts a user less, whose work on the features is done; the last one frees them. */
  void release() {
    synchronized (LOCK) {
      if (--users == 0) {
        OPEN.remove(key);
        context.close();
      }
    }
  }

  /** Address of the first feature on the device. */
  long address() {
    return address;
  }

  /** The context drains and destroys the stream if this fails. */
  private void upload(MemorySegment piece, long limitNs) {
    float[] features = key.features();
    long most = STAGING_BYTES / Float.BYTES;
    CudaStream stream = context.newStream();
    CudaEvent sent = context.newEvent();
    for (long from = 0; from < features.length; from += most) {
      int count = (int) Math.min(most, features.length - from);
      MemorySegment.copy(features, (int) from, piece, ValueLayout.JAVA_FLOAT, 0, count);
      stream.copyToDevice(address + from * Float.BYTES, piece, 0, (long) count * Float.BYTES);
      stream.record(sent);
      DeviceWait.until(sent, limitNs, "the upload of a data set", context);
    }
    sent.close();
    stream.close();
  }
}
