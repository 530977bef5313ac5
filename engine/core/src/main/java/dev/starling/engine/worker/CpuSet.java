package dev.starling.engine.worker;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.jextract.libc.CallState;
import dev.starling.jextract.libc.Errno;
import dev.starling.jextract.libc.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.StringJoiner;

/**
 * The processors that a thread shall run on, as an option writes them. Immutable; any thread.
 *
 * <pre>
 *   none       wherever the system likes
 *   0-3,6      these, in the numbering of the kernel
 *   numa:1     those of a memory node
 * </pre>
 */
public final class CpuSet {
  /** Any processor: binds nothing. */
  public static final CpuSet NONE = new CpuSet(new BitSet());

  /** What Linux on x86-64 can be built for at most (CONFIG_NR_CPUS). */
  private static final int MAX_CPUS = 8192;

  private static final long MASK_BYTES = MAX_CPUS / 8;
  private static final Path NODES = Path.of("/sys/devices/system/node");
  private static final String NUMA = "numa:";

  private final BitSet cpus;

  private CpuSet(BitSet cpus) {
    this.cpus = cpus;
  }

  /**
   * Reads the text of an option.
   *
   * @param text {@code none}, a list like {@code 0-3,6}, or {@code numa:1}
   * @return the processors; whether this process may use them shows when a thread is bound
   * @throws ConfigurationException when the text is none of these, or there is no such node
   */
  public static CpuSet parse(String text) {
    return parse(text, NODES);
  }

  static CpuSet parse(String text, Path nodes) {
    if (text.equals("none")) {
      return NONE;
    }
    if (text.startsWith(NUMA)) {
      return ofNode(text, nodes);
    }
    return new CpuSet(list(text, text));
  }

  private static CpuSet ofNode(String text, Path nodes) {
    String node = text.substring(NUMA.length());
    if (!node.matches("[0-9]{1,9}")) {
      throw new ConfigurationException(
          "cpus=" + text + " names no memory node: write a number, for instance numa:0");
    }
    Path file = nodes.resolve("node" + Integer.parseInt(node)).resolve("cpulist");
    String list;
    try {
      list = Files.readString(file).strip();
    } catch (IOException noSuchNode) {
      throw new ConfigurationException(
          "cpus="
              + text
              + ": this machine shows no such memory node ("
              + file
              + " cannot be read): choose a node that lscpu lists, or name processors, for instance"
              + " 0-3");
    }
    if (list.isEmpty()) {
      throw new ConfigurationException(
          "cpus=" + text + ": this node has memory but no processors: choose another one");
    }
    return new CpuSet(list(list, text));
  }

  private static BitSet list(String list, String text) {
    BitSet cpus = new BitSet();
    for (String part : list.split(",", -1)) {
      String range = part.strip();
      if (!range.matches("[0-9]{1,9}(-[0-9]{1,9})?")) {
        throw new ConfigurationException(
            "cpus="
                + text
                + ": '"
                + part
                + "' is neither a processor nor a range: write a list like 0-3,6, numa:0 or none");
      }
      int dash = range.indexOf('-');
      int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
      int last = Integer.parseInt(range.substring(dash + 1));
      if (last < first || last >= MAX_CPUS) {
        throw new ConfigurationException(
            "cpus="
                + text
                + ": '"
                + part
                + "' is out of range: write rising numbers from 0 to "
                + (MAX_CPUS - 1));
      }
      cpus.set(first, last + 1);
    }
    return cpus;
  }

  /**
   * Tells whether threads stay unbound.
   *
   * @return whether this is {@code none}
   */
  public boolean isNone() {
    return cpus.isEmpty();
  }

  /**
   * Returns the number of processors.
   *
   * @return processors, 0 for {@code none}
   */
  public int size() {
    return cpus.cardinality();
  }

  /**
   * Gives one processor of the set to each of several threads, round and round.
   *
   * @param index of the thread, from 0
   * @return a set of one, or {@code none} when this is
   */
  public CpuSet share(int index) {
    if (isNone()) {
      return this;
    }
    int cpu = cpus.stream().skip(Math.floorMod(index, size())).findFirst().orElseThrow();
    BitSet one = new BitSet();
    one.set(cpu);
    return new CpuSet(one);
  }

  /**
   * Binds the calling thread, and the threads that it starts from now on, to all these processors:
   * sched_setaffinity(2). Does nothing for {@code none}. When it fails the thread stays as it was.
   *
   * @throws ConfigurationException when the process may not use one of the processors
   * @throws StarlingException when the system refuses to say what a thread is bound to
   */
  public void applyToCallingThread() {
    if (isNone()) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment callState = CallState.allocate(arena);
      MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
      BitSet before = read(callState, 0, mask);
      boolean accepted = write(callState, mask, cpus);
      String refusal = accepted ? "" : Errno.name(CallState.errno(callState)) + ", ";
      // The kernel binds to what is left when it takes some of the processors away.
      if (accepted && read(callState, 0, mask).equals(cpus)) {
        return;
      }
      write(callState, mask, before);
      BitSet usable = read(callState, Libc.getpid(), mask);
      throw new ConfigurationException(
          "cpus="
              + this
              + " cannot be used ("
              + refusal
              + "this process may use "
              + text(usable)
              + "): choose among those, or widen what taskset, the container or the batch system"
              + " allows");
    }
  }

  /**
   * Reads what the calling thread is bound to: sched_getaffinity(2).
   *
   * @return the processors that it may run on; applying them later binds it as it is now
   * @throws StarlingException when the system refuses to say
   */
  public static CpuSet ofCallingThread() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
      return new CpuSet(read(CallState.allocate(arena), 0, mask));
    }
  }

  private static BitSet read(MemorySegment callState, int thread, MemorySegment mask) {
    if (Libc.sched_getaffinity(callState, thread, MASK_BYTES, mask) < 0) {
      int errno = CallState.errno(callState);
      throw new StarlingException(
          "sched_getaffinity of thread "
              + thread
              + " failed with "
              + Errno.name(errno)
              + " ("
              + Errno.describe(errno)
              + "): choose cpus=none");
    }
    return BitSet.valueOf(mask.toArray(ValueLayout.JAVA_LONG));
  }

  private static boolean write(MemorySegment callState, MemorySegment mask, BitSet cpus) {
    long[] words = cpus.toLongArray();
    mask.fill((byte) 0);
    MemorySegment.copy(words, 0, mask, ValueLayout.JAVA_LONG, 0, words.length);
    return Libc.sched_setaffinity(callState, 0, MASK_BYTES, mask) == 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CpuSet set && cpus.equals(set.cpus);
  }

  @Override
  public int hashCode() {
    return cpus.hashCode();
  }

  /**
   * Writes the set as {@link #parse} reads it.
   *
   * @return ranges, rising, for instance {@code 0-3,6}, or {@code none}
   */
  @Override
  public String toString() {
    return isNone() ? "none" : text(cpus);
  }

  private static String text(BitSet cpus) {
    StringJoiner ranges = new StringJoiner(",");
    for (int first = cpus.nextSetBit(0); first >= 0; ) {
      int end = cpus.nextClearBit(first);
      ranges.add(end - first == 1 ? "" + first : first + "-" + (end - 1));
      first = cpus.nextSetBit(end);
    }
    return ranges.toString();
  }
}
