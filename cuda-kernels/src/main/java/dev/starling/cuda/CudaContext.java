package dev.starling.cuda;

import dev.starling.engine.StarlingException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import jcuda.driver.CUfunction;
import jcuda.driver.JCudaDriver;

/**
 * One user's hold on a device: what it makes with it, and what memory it has made known. All holds
 * on a device share its primary context, which other libraries of the process use too, and its
 * kernels; the last one to be closed gives them back.
 *
 * <pre>
 *   CudaContext (a worker) ----+--> primary context of the device --> module with the kernels
 *     streams, events,         |      addresses it knows
 *     device memory,           |
 *     registrations            |
 *   CudaContext (training) ----+
 * </pre>
 *
 * <p>An instance and what it makes belong to one thread at a time. Every operation makes the
 * context current on the thread that calls; code that makes another one current by other means than
 * this class puts this one back afterwards.
 */
public final class CudaContext implements AutoCloseable {
  private static final long DRAIN_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);
  private static final long POLL_NS = TimeUnit.MICROSECONDS.toNanos(50);
  private static final long PAGE_BYTES = 4096;

  private final PrimaryContext shared;
  private final long drainTimeoutNs;
  private final List<CudaStream> streams = new ArrayList<>();

  /** In the order in which they were made; all but streams. */
  private final List<CudaResource> resources = new ArrayList<>();

  private AddressRange lastFound;
  private boolean closed;

  private CudaContext(int ordinal, long drainTimeoutNs) {
    this.drainTimeoutNs = drainTimeoutNs;
    shared = PrimaryContext.open(ordinal);
  }

  /**
   * Takes hold of a device.
   *
   * @param ordinal the driver's number of the device, from zero
   * @return a hold that the caller closes
   * @throws StarlingException if CUDA cannot be used here, with the reason, or if the device is too
   *     old, or if the driver refuses
   */
  public static CudaContext open(int ordinal) {
    return open(ordinal, DRAIN_TIMEOUT_NS);
  }

  /** As {@link #open(int)}, with the time that {@link #close} waits for work in flight. */
  static CudaContext open(int ordinal, long drainTimeoutNs) {
    int devices = CudaDriver.deviceCount();
    if (ordinal < 0 || ordinal >= devices) {
      throw new StarlingException(
          "device %d does not exist: choose one from 0 to %d".formatted(ordinal, devices - 1));
    }
    return new CudaContext(ordinal, drainTimeoutNs);
  }

  /**
   * Makes the context current on the calling thread; cheap when it is. Needed only before calls of
   * the driver that do not go through this package.
   *
   * @throws CudaException if the driver refuses
   */
  public void bind() {
    shared.bind();
  }

  /**
   * Finds a kernel of this module.
   *
   * @param kernel its name, for example {@code "starling_average"}
   * @return what a {@link CudaStream} launches, valid until the last hold on the device is closed
   * @throws CudaException if there is none of that name
   */
  public CUfunction function(String kernel) {
    requireOpen();
    return shared.function(kernel);
  }

  /**
   * Pins memory of the host and maps it into the device. Memory within a range that is known
   * already is counted, not registered again.
   *
   * @param what names the memory in messages
   * @param memory whole pages outside the heap, which outlive the registration
   * @return closing it makes the memory unknown again; this context does so if nobody has
   * @throws IllegalArgumentException if it is not made of whole pages, or overlaps known memory
   *     that does not hold it
   * @throws CudaException if the driver refuses, with the cure
   */
  public HostRegistration register(String what, MemorySegment memory) {
    requireOpen();
    requirePages(what, memory);
    AddressRange range = shared.register(what, memory.address(), memory.byteSize());
    return own(resources, () -> new HostRegistration(this, range));
  }

  /**
   * Translates a range to the device's address; allocates nothing.
   *
   * @param memory registered, or of the device
   * @param offsetBytes where the range starts
   * @param lengthBytes how long it is
   * @return the address of its first byte, as the device knows it
   * @throws IllegalArgumentException if the device does not know all of it
   * @throws IndexOutOfBoundsException if the range is not inside the segment
   */
  public long deviceAddress(MemorySegment memory, long offsetBytes, long lengthBytes) {
    Objects.checkFromIndexSize(offsetBytes, lengthBytes, memory.byteSize());
    long address = memory.address() + offsetBytes;
    AddressRange range = memory.isNative() ? find(address, lengthBytes) : null;
    if (range == null) {
      throw new IllegalArgumentException(unknown(memory, address, lengthBytes));
    }
    return range.deviceAddress(address);
  }

  /**
   * Finds the memory that holds a range; allocates nothing.
   *
   * @param address of the program's, or of the device's own memory
   * @param lengthBytes bytes of the range
   * @return the memory, or null if the device does not know all of the range
   */
  public AddressRange find(long address, long lengthBytes) {
    AddressRange last = lastFound;
    if (last != null && last.holds(address, lengthBytes)) {
      return last;
    }
    AddressRange found = shared.table().find(address, lengthBytes);
    if (found != null) {
      lastFound = found;
    }
    return found;
  }

  /**
   * Says which memory the device knows, for messages.
   *
   * @return the names with their ranges
   */
  public String knownMemory() {
    return shared.table().toString();
  }

  /**
   * Allocates memory of the device.
   *
   * @param what names the memory in messages
   * @param lengthBytes at least 1
   * @return memory with undefined contents, known to kernels, freed when it or this is closed
   * @throws CudaException if there is not enough
   */
  public DeviceMemory allocate(String what, long lengthBytes) {
    requireOpen();
    return own(resources, () -> new DeviceMemory(this, what, lengthBytes));
  }

  /**
   * Makes a stream.
   *
   * @return a stream that waits for no other, destroyed when it or this is closed
   * @throws CudaException if the driver refuses
   */
  public CudaStream newStream() {
    requireOpen();
    return own(streams, () -> new CudaStream(this));
  }

  /**
   * Makes an event that does not measure time.
   *
   * @return the event, destroyed when it or this is closed
   * @throws CudaException if the driver refuses
   */
  public CudaEvent newEvent() {
    requireOpen();
    return own(resources, () -> new CudaEvent(this, false));
  }

  /**
   * Makes an event that can measure time; recording it costs the device a little more.
   *
   * @return the event, destroyed when it or this is closed
   * @throws CudaException if the driver refuses
   */
  public CudaEvent newTimingEvent() {
    requireOpen();
    return own(resources, () -> new CudaEvent(this, true));
  }

  /**
   * Tells the driver's number of the device.
   *
   * @return the ordinal, from zero
   */
  public int ordinal() {
    return shared.ordinal();
  }

  /**
   * Tells what device it is.
   *
   * @return for example {@code "NVIDIA H200"}
   */
  public String deviceName() {
    return shared.name();
  }

  /**
   * Tells where the device is.
   *
   * @return its PCI address, for example {@code "0000:17:00.0"}
   */
  public String busId() {
    return shared.busId();
  }

  /**
   * Tells which generation the device is.
   *
   * @return ten times the major number of the compute capability, plus the minor one; 90 for 9.0
   */
  public int computeCapability() {
    return shared.capability();
  }

  /**
   * Tells how many multiprocessors the device has.
   *
   * @return at least 1
   */
  public int multiprocessors() {
    return shared.multiprocessors();
  }

  /**
   * Asks how much of the device's memory nobody has taken, in this process or another.
   *
   * @return bytes
   * @throws CudaException if the driver refuses
   */
  public long freeBytes() {
    requireOpen();
    shared.bind();
    long[] free = new long[1];
    require(JCudaDriver.cuMemGetInfo(free, new long[1]), "asking for the free memory");
    return free[0];
  }

  /**
   * Waits up to ten seconds until the device does nothing more for this hold: then memory can be
   * unregistered.
   *
   * @throws StarlingException if it still works
   * @throws CudaException if it does nothing more because it has failed
   */
  public void awaitIdle() {
    Failures failures = new Failures();
    drain(failures);
    failures.throwFirst();
  }

  /**
   * Tells whether this hold has been given up.
   *
   * @return whether {@link #close} has ended, be it with failures
   */
  public boolean isClosed() {
    return closed;
  }

  /** Names the device in messages. */
  @Override
  public String toString() {
    return shared.toString();
  }

  /**
   * Waits for the work in flight and gives everything back, the latest first: streams, then events,
   * memory of the device and registrations, then, if this was the last hold on the device, the
   * kernels and the primary context. A step that fails does not keep the others from being done.
   * Closing twice does nothing.
   *
   * @throws StarlingException if work does not end within ten seconds: then nothing is given back,
   *     since the device may still read and write the memory, and closing can be tried again
   * @throws CudaException if a step failed; the others are suppressed in it
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    Failures failures = new Failures();
    failures.run(shared::bind);
    drain(failures);
    closed = true;
    releaseAll(streams, failures);
    releaseAll(resources, failures);
    failures.run(shared::release);
    failures.throwFirst();
  }

  /** Waits for the streams; one that has failed does no more work. */
  private void drain(Failures failures) {
    long start = System.nanoTime();
    for (CudaStream stream : streams) {
      while (!isDrained(stream, failures)) {
        if (System.nanoTime() - start > drainTimeoutNs) {
          throw new StarlingException(
              ("%s still works after %d ms, so nothing was given back and the memory stays pinned:"
                      + " leave it mapped, and close this again later or end the process")
                  .formatted(this, TimeUnit.NANOSECONDS.toMillis(drainTimeoutNs)));
        }
        LockSupport.parkNanos(POLL_NS);
      }
    }
  }

  private static boolean isDrained(CudaStream stream, Failures failures) {
    try {
      return stream.isIdle();
    } catch (CudaException failed) {
      failures.run(
          () -> {
            throw failed;
          });
    }
    try {
      return stream.isIdle();
    } catch (CudaException sticky) {
      // A device that has failed says so whenever it is asked, and does nothing more.
      return true;
    }
  }

  private static void releaseAll(List<? extends CudaResource> owned, Failures failures) {
    for (int i = owned.size() - 1; i >= 0; i--) {
      failures.run(owned.get(i)::releaseOnce);
    }
    owned.clear();
  }

  /** Releases one thing before the rest. */
  void release(CudaResource resource) {
    if (streams.remove(resource) || resources.remove(resource)) {
      shared.bind();
      resource.releaseOnce();
    }
  }

  PrimaryContext shared() {
    return shared;
  }

  void require(int result, String doing) {
    if (result != 0) {
      shared.require(result, doing);
    }
  }

  private static <R extends CudaResource> R own(List<? super R> owned, Supplier<R> making) {
    R made = making.get();
    owned.add(made);
    return made;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the hold on " + this + " has been closed: open another one");
    }
  }

  private static void requirePages(String what, MemorySegment memory) {
    if (!memory.isNative()
        || memory.byteSize() == 0
        || (memory.address() | memory.byteSize()) % PAGE_BYTES != 0) {
      throw new IllegalArgumentException(
          "'%s' (%d bytes at 0x%x) is not made of whole pages of %d bytes outside the heap: map it"
              .formatted(what, memory.byteSize(), memory.address(), PAGE_BYTES));
    }
  }

  private String unknown(MemorySegment memory, long address, long lengthBytes) {
    return ("%d bytes at 0x%x%s are not known to %s: register their memory first (known are: %s)")
        .formatted(
            lengthBytes,
            address,
            memory.isNative() ? "" : " of the Java heap",
            this,
            knownMemory());
  }
}
