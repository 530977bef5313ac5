package dev.starling.rdma.fabric;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A home's answer to an {@link AttachRequest}: its side of the connection, where its replica lies,
 * and what became of the asker's last lock, which it may not know after its connection broke.
 *
 * @param refusal why it does not connect, or empty
 * @param epoch the epoch of the connection
 * @param control where the control lines are
 * @param data where the planes are
 * @param outcome what became of the asker's locks
 * @param endpoint the home's queue pairs
 */
record AttachReply(
    String refusal, int epoch, Window control, Window data, Outcome outcome, Endpoint endpoint) {
  /**
   * A range of the replica that the device serves.
   *
   * @param offsetBytes where it begins in the replica's region
   * @param lengthBytes its length
   * @param address its address in the home
   * @param key the remote key
   */
  record Window(long offsetBytes, long lengthBytes, long address, int key) {
    static final int LENGTH_BYTES = 3 * Long.BYTES + Integer.BYTES;

    boolean holds(long offset, long bytes) {
      return offset >= offsetBytes && offset + bytes <= offsetBytes + lengthBytes;
    }

    private void encode(ByteBuffer out) {
      out.putLong(offsetBytes).putLong(lengthBytes).putLong(address).putInt(key);
    }

    private static Window decode(ByteBuffer in) {
      return new Window(in.getLong(), in.getLong(), in.getLong(), in.getInt());
    }
  }

  /**
   * What a home remembers of a rank whose lock it broke: whether a publish that the rank is not
   * certain of took effect. It did not when the version it would have made is the fence's.
   *
   * @param fences locks of the rank that the home broke so far
   * @param stripe the stripe of the last one, -1 when there is none
   * @param version the version that the home made in place of the rank's, 28 bits
   */
  record Outcome(long fences, int stripe, long version) {
    /** Nothing was broken. */
    static final Outcome NONE = new Outcome(0, -1, 0);

    static final int LENGTH_BYTES = 2 * Long.BYTES + Integer.BYTES;

    private void encode(ByteBuffer out) {
      out.putLong(fences).putInt(stripe).putLong(version);
    }

    private static Outcome decode(ByteBuffer in) {
      return new Outcome(in.getLong(), in.getInt(), in.getLong());
    }
  }

  static AttachReply refused(String sentence) {
    return new AttachReply(sentence, 0, null, null, null, null);
  }

  byte[] encode() {
    byte[] text = refusal.getBytes(StandardCharsets.UTF_8);
    if (text.length > 0) {
      return ByteBuffer.allocate(Integer.BYTES + text.length).putInt(text.length).put(text).array();
    }
    ByteBuffer out =
        ByteBuffer.allocate(
            2 * Integer.BYTES
                + 2 * Window.LENGTH_BYTES
                + Outcome.LENGTH_BYTES
                + endpoint.lengthBytes());
    out.putInt(0).putInt(epoch);
    control.encode(out);
    data.encode(out);
    outcome.encode(out);
    endpoint.encode(out);
    return out.array();
  }

  static AttachReply decode(ByteBuffer in) {
    int textBytes = in.getInt();
    if (textBytes > 0) {
      byte[] text = new byte[Math.min(textBytes, in.remaining())];
      in.get(text);
      return refused(new String(text, StandardCharsets.UTF_8));
    }
    return new AttachReply(
        "",
        in.getInt(),
        Window.decode(in),
        Window.decode(in),
        Outcome.decode(in),
        Endpoint.decode(in));
  }
}
