package dev.starling.rdma.fabric;

import dev.starling.rdma.disni.RemoteQp;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One side of a connection: its queue pairs and where its port is.
 *
 * <pre>
 *   lid 4 | gid 16 | MTU code 4 | reads as initiator 4 | reads as responder 4 | n 4 | n * (number 4, PSN 4)
 * </pre>
 *
 * @param lid InfiniBand's local identifier, 0 on RoCE
 * @param gid the port's address
 * @param mtuCode the port's active MTU as {@code enum ibv_mtu}
 * @param initiatorDepth reads and atomics that it wants to have in flight per queue pair
 * @param responderDepth reads and atomics that it can serve per queue pair
 * @param numbers queue pair numbers
 * @param psns first packet sequence numbers
 */
record Endpoint(
    int lid,
    byte[] gid,
    int mtuCode,
    int initiatorDepth,
    int responderDepth,
    List<Integer> numbers,
    List<Integer> psns) {
  private static final int GID_BYTES = 16;
  private static final int MAX_QUEUE_PAIRS = 16;

  int lengthBytes() {
    return 5 * Integer.BYTES + GID_BYTES + 2 * Integer.BYTES * numbers.size();
  }

  /** {@return one of its queue pairs, as the other side addresses it} */
  RemoteQp queuePair(int index) {
    return new RemoteQp(numbers.get(index), psns.get(index), lid, gid);
  }

  void encode(ByteBuffer out) {
    out.putInt(lid).put(gid).putInt(mtuCode).putInt(initiatorDepth).putInt(responderDepth);
    out.putInt(numbers.size());
    for (int i = 0; i < numbers.size(); i++) {
      out.putInt(numbers.get(i)).putInt(psns.get(i));
    }
  }

  static Endpoint decode(ByteBuffer in) {
    int lid = in.getInt();
    byte[] gid = new byte[GID_BYTES];
    in.get(gid);
    int mtuCode = in.getInt();
    int initiatorDepth = in.getInt();
    int responderDepth = in.getInt();
    int count = in.getInt();
    if (count < 1 || count > MAX_QUEUE_PAIRS) {
      throw new IllegalArgumentException("it names " + count + " queue pairs");
    }
    List<Integer> numbers = new ArrayList<>();
    List<Integer> psns = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      numbers.add(in.getInt());
      psns.add(in.getInt());
    }
    return new Endpoint(lid, gid, mtuCode, initiatorDepth, responderDepth, numbers, psns);
  }
}
