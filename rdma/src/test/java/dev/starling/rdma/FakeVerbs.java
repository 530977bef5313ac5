package dev.starling.rdma;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.starling.jextract.Lanes;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/**
 * RDMA for tests without a device: libibverbs and librdmacm in one library, compiled from {@code
 * src/test/c} on first use, in which queue pairs of this process reach one another. {@code
 * fakeverbs.h} says what it does and what each control here means.
 *
 * <p>With the system property {@value #DEVICE_PROPERTY} tests run on the real device it names and
 * nothing is faked; tests that need a control begin with {@link #enterFake()}.
 *
 * <p>The fake is one per JVM, so tests that set its controls do not run side by side. Safe from any
 * thread.
 */
public final class FakeVerbs {
  /** Names a real device that tests are to use. */
  public static final String DEVICE_PROPERTY = "starling.verbs.device";

  /** The lane of tests that need a C compiler and the headers of rdma-core. */
  public static final String LANE = "verbs-headers";

  /** Quirk of soft-RoCE: an atomic that compares unequal stores the old value back, late. */
  public static final int QUIRK_CAS_STORES_BACK = 1;

  /** Quirk of soft-RoCE: {@code retry_cnt} 7 retries for ever. */
  public static final int QUIRK_RETRY_7_FOR_EVER = 2;

  /** The vendor error of every failed completion. */
  public static final int VENDOR_ERROR = 0x51;

  private static final List<String> LIBRARY_PROPERTIES =
      List.of("starling.ibverbs.library", "starling.rdmacm.library");

  private static boolean prepared;
  private static Path library;
  private static String unavailable;

  private FakeVerbs() {}

  /** Whether tests run on the fake, not on a device. */
  public static boolean isFake() {
    return System.getProperty(DEVICE_PROPERTY) == null;
  }

  /**
   * Gives the device that tests use, whose atomics work; skips the calling test where there is
   * neither a device nor a fake.
   */
  public static String device() {
    enter();
    return System.getProperty(DEVICE_PROPERTY, "fake0");
  }

  /** Goes on if there is something to test on, else skips or fails the calling test. */
  public static void enter() {
    prepare();
    Lanes.enter(LANE, unavailable == null, unavailable);
  }

  /** As {@link #enter}, for tests of the fake or with its controls: skips them on a device. */
  public static void enterFake() {
    enter();
    Assumptions.assumeTrue(
        isFake(),
        "the test needs the controls of the fake verbs, but "
            + DEVICE_PROPERTY
            + " names a real device");
  }

  /**
   * Compiles the library and has the bindings load it. Called before any test class is loaded; does
   * nothing where a real device is named.
   */
  static synchronized void prepare() {
    if (prepared || !isFake()) {
      return;
    }
    prepared = true;
    try {
      library = FakeVerbsLibrary.build();
      for (String property : LIBRARY_PROPERTIES) {
        System.setProperty(property, library.toString());
      }
    } catch (FakeVerbsLibrary.UnavailableException reason) {
      unavailable = reason.getMessage();
    }
  }

  /** The library, for tests that call it without the bindings. */
  static Path library() {
    enter();
    return library;
  }

  /** Calls of the controls; apart, so that they are linked on first use. */
  private static final class Controls {
    static final MethodHandle RESET = link("fake_reset", JAVA_LONG);
    static final MethodHandle SET_DEVICE_COUNT = link("fake_set_device_count", null, JAVA_INT);
    static final MethodHandle SET_DEVICE =
        link("fake_set_device", JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG);
    static final MethodHandle SET_DELAY = link("fake_set_delay", null, JAVA_INT);
    static final MethodHandle SET_QP_DELAY =
        link("fake_set_qp_delay", JAVA_INT, JAVA_INT, JAVA_INT);
    static final MethodHandle SET_JITTER = link("fake_set_jitter", null, JAVA_INT, JAVA_LONG);
    static final MethodHandle SET_QUIRKS = link("fake_set_quirks", null, JAVA_INT);
    static final MethodHandle NOOP = link("fake_noop", null, JAVA_INT);
    static final MethodHandle FAIL = link("fake_fail", JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    static final MethodHandle KILL_QP = link("fake_kill_qp", JAVA_INT, JAVA_INT);
    static final MethodHandle MUTE = link("fake_mute", JAVA_INT, JAVA_INT, JAVA_INT);
    static final MethodHandle DROP_REPLY = link("fake_drop_reply", JAVA_INT, JAVA_INT);
    static final MethodHandle FAIL_REQUEST =
        link("fake_fail_request", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    static final MethodHandle ASYNC_EVENT =
        link("fake_async_event", null, JAVA_INT, JAVA_INT, JAVA_INT);
    static final MethodHandle LIVE = link("fake_live", JAVA_LONG, ADDRESS);
    static final MethodHandle CALLS = link("fake_calls", JAVA_LONG, ADDRESS);
    static final MethodHandle STAT = link("fake_stat", JAVA_LONG, ADDRESS);
    static final MethodHandle LOG = link("fake_log", ADDRESS);
    static final MethodHandle MISUSE = link("fake_misuse", ADDRESS);

    @SuppressWarnings("restricted")
    private static MethodHandle link(
        String symbol, MemoryLayout result, MemoryLayout... parameters) {
      MemorySegment address =
          SymbolLookup.libraryLookup(library(), Arena.global()).findOrThrow(symbol);
      FunctionDescriptor descriptor =
          result == null
              ? FunctionDescriptor.ofVoid(parameters)
              : FunctionDescriptor.of(result, parameters);
      return Linker.nativeLinker().downcallHandle(address, descriptor);
    }
  }

  /** Any call of a control: {@link MethodHandle#invokeWithArguments}, texts copied. */
  private static Object call(MethodHandle control, Object... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      Object[] passed = arguments.clone();
      for (int i = 0; i < passed.length; i++) {
        if (passed[i] instanceof String text) {
          passed[i] = arena.allocateFrom(text);
        }
      }
      return control.invokeWithArguments(passed);
    } catch (Throwable failure) {
      throw new IllegalStateException("a control of the fake verbs failed", failure);
    }
  }

  private static void callKnown(MethodHandle control, Object... arguments) {
    if ((int) call(control, arguments) != 0) {
      throw new IllegalArgumentException("the fake verbs know no " + arguments[0]);
    }
  }

  private static long count(MethodHandle control, String name) {
    long count = (long) call(control, name);
    if (count < 0) {
      throw new IllegalArgumentException("the fake verbs know no " + name);
    }
    return count;
  }

  @SuppressWarnings("restricted")
  private static String text(MethodHandle control) {
    return ((MemorySegment) call(control)).reinterpret(Long.MAX_VALUE).getString(0);
  }

  /** Ends every fault, delay and quirk, zeroes what is counted; gives the live objects. */
  public static long reset() {
    return (long) call(Controls.RESET);
  }

  /** Sets how many devices are listed, 0 to 2: {@code fake0} and {@code fake1}. */
  public static void setDeviceCount(int count) {
    call(Controls.SET_DEVICE_COUNT, count);
  }

  /** Sets an attribute of a device or of its port, such as {@code atomic_cap}. */
  public static void setDevice(int device, String field, long value) {
    if ((int) call(Controls.SET_DEVICE, device, field, value) != 0) {
      throw new IllegalArgumentException("the fake verbs know no attribute " + field);
    }
  }

  /** Has a request take effect and complete only after this many polls of its queue. */
  public static void setDelay(int polls) {
    call(Controls.SET_DELAY, polls);
  }

  /** As {@link #setDelay} for one queue pair; -1 for what all have. */
  public static void setDelay(int qpNum, int polls) {
    callKnown(Controls.SET_QP_DELAY, qpNum, polls);
  }

  /** Adds 0 to {@code maxPolls} to the delay of each request. */
  public static void setJitter(int maxPolls, long seed) {
    call(Controls.SET_JITTER, maxPolls, seed);
  }

  /** Sets the quirks, an or of the constants of this class. */
  public static void setQuirks(int bits) {
    call(Controls.SET_QUIRKS, bits);
  }

  /** Has posting only count, and polling give a success for each posted signalled request. */
  public static void noop(boolean on) {
    call(Controls.NOOP, on ? 1 : 0);
  }

  /** Has the nth next call of a verb fail with an errno. */
  public static void fail(String function, int nth, int errno) {
    callKnown(Controls.FAIL, function, nth, errno);
  }

  /** Has a queue pair go to ERR as after a fatal error of the device. */
  public static void killQp(int qpNum) {
    callKnown(Controls.KILL_QP, qpNum);
  }

  /** Has requests of a queue pair neither take effect nor complete. */
  public static void mute(int qpNum) {
    callKnown(Controls.MUTE, qpNum, 1);
  }

  /** Ends {@link #mute}; what was posted goes on. */
  public static void unmute(int qpNum) {
    callKnown(Controls.MUTE, qpNum, 0);
  }

  /** Has the next request take effect and then complete as if no answer had come. */
  public static void dropReply(int qpNum) {
    callKnown(Controls.DROP_REPLY, qpNum);
  }

  /** Has the nth next request complete with a status and no effect. */
  public static void failRequest(int qpNum, int nth, int status) {
    callKnown(Controls.FAIL_REQUEST, qpNum, nth, status);
  }

  /** Raises an asynchronous event at every open context of a device. */
  public static void asyncEvent(int device, int eventType, int portNum) {
    call(Controls.ASYNC_EVENT, device, eventType, portNum);
  }

  /** Counts live objects of a kind, such as {@code qps}, or of {@code all}. */
  public static long live(String kind) {
    return count(Controls.LIVE, kind);
  }

  /** Counts the calls of a verb since the last reset. */
  public static long calls(String function) {
    return count(Controls.CALLS, function);
  }

  /** Reads what was counted since the last reset, such as {@code writes} or {@code misuses}. */
  public static long stat(String name) {
    return count(Controls.STAT, name);
  }

  /** The ends of objects in their order, such as {@code qp_err,qp,mr,cq,pd,context}. */
  public static String log() {
    return text(Controls.LOG);
  }

  /** Sentences about uses that a device would punish, one a line; empty if there were none. */
  public static String misuse() {
    return text(Controls.MISUSE);
  }
}
