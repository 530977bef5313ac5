package dev.starling.rdma;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.jextract.NativeAccessException;
import dev.starling.rdma.RawLink.Operation;
import dev.starling.rdma.disni.FfmContext;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.StringJoiner;

/**
 * What verbs cost from Java, to be held against {@code vm/latency.c} and perftest on the same
 * device:
 *
 * <pre>
 *   java --enable-native-access=ALL-UNNAMED --add-modules=jdk.incubator.vector -cp CLASS_PATH \
 *       dev.starling.rdma.VerbsProbe DEVICE GID ITERATIONS WARM_UP_MS [serve]
 *
 *   GID         index in the table of port 1, or the IPv4 address that it holds
 *   ITERATIONS  measured operations of each kind
 *   WARM_UP_MS  for each kind, before
 * </pre>
 *
 * <p>It prints one line of JSON: {@code casUs}, {@code readUs}, {@code writeUs} (medians in
 * microseconds of CAS, READ and WRITE of 8 bytes, one at a time, written, posted and busy-polled),
 * {@code casP99Us}, {@code readP99Us}, {@code writeP99Us}, and in units of 1,000,000 bytes per
 * second {@code readMBs}, {@code writeMBs} (1 MiB each, 128 requests in flight and as many READs as
 * the device takes, as perftest has it) and {@code fabricReadMBs}, {@code fabricWriteMBs} (the same
 * through the verbs fabric with its defaults, 64 operations in flight).
 *
 * <p>With {@code serve} it reads lines instead and answers each with a line of JSON: to {@code
 * latency} with the first six numbers, to {@code bandwidth} with the others; so it can take turns
 * with a rival. It ends at the end of its input. A failure is one sentence on standard error and
 * exit code 1.
 */
public final class VerbsProbe implements AutoCloseable {
  private static final int WORD_BYTES = Long.BYTES;
  private static final int MESSAGE_BYTES = 1 << 20;
  private static final int LATENCY_DEPTH = 64;
  private static final int LATENCY_READ_DEPTH = 16;
  private static final int BANDWIDTH_DEPTH = 128;
  private static final int PORT = 1;
  private static final long WINDOW_NS = 1_000_000_000L;
  private static final String USAGE =
      "usage: VerbsProbe DEVICE GID_INDEX_OR_IPV4_ADDRESS ITERATIONS WARM_UP_MS [serve]";

  private final FfmContext context;
  private final int gidIndex;
  private final int iterations;
  private final long warmUpNs;
  private final long windowNs;

  VerbsProbe(String device, String gid, int iterations, long warmUpMs, long windowNs) {
    this.iterations =
        (int) ConfigurationException.requireRange("iterations", iterations, 1, 100_000_000);
    warmUpNs =
        ConfigurationException.requireRange("warm-up in ms", warmUpMs, 0, 600_000) * 1_000_000;
    this.windowNs = windowNs;
    context = FfmContext.open(device);
    try {
      gidIndex = gid.contains(".") ? find(gid) : Integer.parseInt(gid);
    } catch (Throwable failure) {
      context.close();
      throw failure;
    }
  }

  /** The entry of the table whose last four bytes are an address behind two of ones. */
  private int find(String address) {
    byte[] wanted = new byte[16];
    wanted[10] = wanted[11] = (byte) 0xff;
    System.arraycopy(InetAddress.ofLiteral(address).getAddress(), 0, wanted, 12, 4);
    int entries = context.port(PORT).gidTableLength();
    for (int i = 0; i < entries; i++) {
      if (Arrays.equals(context.gid(PORT, i), wanted)) {
        return i;
      }
    }
    throw new ConfigurationException(
        "none of the %d GIDs of %s port %d holds %s: give the address of its network device"
            .formatted(entries, context.deviceName(), PORT, address));
  }

  /** {@return the six latencies, as members of a JSON object} */
  String latency() {
    StringJoiner members = new StringJoiner(", ");
    try (RawLink link =
        new RawLink(context, gidIndex, LATENCY_DEPTH, LATENCY_READ_DEPTH, WORD_BYTES)) {
      for (Operation operation : Operation.values()) {
        long[] times = link.latencyNs(operation, iterations, warmUpNs);
        String name = operation.name().toLowerCase(Locale.ROOT);
        int last = times.length - 1;
        members.add(member(name + "Us", (times[last / 2] + times[times.length / 2]) / 2e3));
        members.add(member(name + "P99Us", times[(int) (last * 0.99)] / 1e3));
      }
    }
    return members.toString();
  }

  /** {@return the four bandwidths, as members of a JSON object} */
  String bandwidth() {
    StringJoiner members = new StringJoiner(", ");
    int readDepth = context.limits().maxQpRdAtom();
    try (RawLink link = new RawLink(context, gidIndex, BANDWIDTH_DEPTH, readDepth, MESSAGE_BYTES)) {
      members.add(member("readMBs", link.bytesPerSecond(Operation.READ, windowNs) / 1e6));
      members.add(member("writeMBs", link.bytesPerSecond(Operation.WRITE, windowNs) / 1e6));
    }
    try (FabricLink link = new FabricLink(context.deviceName(), gidIndex, MESSAGE_BYTES)) {
      members.add(member("fabricReadMBs", link.bytesPerSecond(false, windowNs) / 1e6));
      members.add(member("fabricWriteMBs", link.bytesPerSecond(true, windowNs) / 1e6));
    }
    return members.toString();
  }

  private static String member(String name, double value) {
    return String.format(Locale.ROOT, "\"%s\": %.3f", name, value);
  }

  private void serve() throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String question = in.readLine(); question != null; question = in.readLine()) {
      switch (question) {
        case "latency" -> System.out.println("{" + latency() + "}");
        case "bandwidth" -> System.out.println("{" + bandwidth() + "}");
        default ->
            throw new ConfigurationException(
                "the question '" + question + "' is unknown: ask for latency or bandwidth");
      }
    }
  }

  @Override
  public void close() {
    context.close();
  }

  /**
   * Measures and prints.
   *
   * @param arguments see the class
   * @throws IOException when standard input cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    boolean serving = arguments.length == 5 && arguments[4].equals("serve");
    try (VerbsProbe probe =
        new VerbsProbe(
            argument(arguments, 0),
            argument(arguments, 1),
            Integer.parseInt(argument(arguments, 2)),
            Long.parseLong(argument(arguments, 3)),
            WINDOW_NS)) {
      if (serving) {
        probe.serve();
      } else {
        System.out.println("{" + probe.latency() + ", " + probe.bandwidth() + "}");
      }
    } catch (StarlingException | NativeAccessException | NumberFormatException failure) {
      System.err.println(failure.getMessage());
      System.exit(1);
    }
  }

  private static String argument(String[] arguments, int index) {
    if (arguments.length < 4 || arguments.length > 5) {
      throw new ConfigurationException(USAGE);
    }
    return arguments[index];
  }
}
