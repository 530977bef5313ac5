package dev.starling.bench;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The mean of a vector over two processes by {@link dev.starling.engine.baseline.RingMean}: both
 * fill their vector, tell that they are ready, and reduce. The time of a round goes from when both
 * are ready until both have the mean. Between measurements the other process sleeps.
 */
final class TwoProcessMean implements AutoCloseable {
  private static final byte READY = 'r';

  private final PeerProcess peer;
  private MeanSide side;

  private TwoProcessMean(PeerProcess peer) {
    this.peer = peer;
  }

  /**
   * Starts the other process and connects both.
   *
   * @param bytes length of the vector
   * @return the pair, owned by the caller
   * @throws IOException when the other process does not start
   */
  static TwoProcessMean open(long bytes) throws IOException {
    long job = ThreadLocalRandom.current().nextLong() >>> 1;
    TwoProcessMean pair = new TwoProcessMean(PeerProcess.start(TwoProcessMean.class, job, bytes));
    try {
      pair.side = MeanSide.create(job, bytes, 0);
      pair.peer.await("its vector was made");
      pair.side.connect();
      pair.peer.tell(0);
      pair.peer.await("it was connected");
      return pair;
    } catch (Throwable failure) {
      pair.close();
      throw failure;
    }
  }

  /**
   * The other process: as many rounds as each number on its standard input says, and a byte when it
   * has seen that all of its vector is the mean, until the input ends. The first number asks it to
   * connect.
   *
   * @param arguments job and bytes of the vector
   * @throws IOException when its input cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    long bytes = Long.parseLong(arguments[1]);
    DataInputStream numbers = new DataInputStream(System.in);
    try (MeanSide side = MeanSide.create(Long.parseLong(arguments[0]), bytes, 1)) {
      answer();
      numbers.readInt();
      side.connect();
      while (true) {
        answer();
        double[] timesMs = new double[numbers.readInt()];
        side.run(timesMs);
        side.requireMean();
      }
    } catch (EOFException ended) {
      // The one that started this process is done with it.
      return;
    }
  }

  private static void answer() {
    System.out.write(READY);
    System.out.flush();
  }

  /**
   * Reduces again and again, and lets both sides look at what they got.
   *
   * @param rounds how often
   * @return the median time in milliseconds
   * @throws IOException when the other process ended
   */
  double medianMs(int rounds) throws IOException {
    double[] timesMs = new double[rounds];
    peer.tell(rounds);
    side.run(timesMs);
    side.requireMean();
    peer.await("it had seen that its vector is the mean");
    Arrays.sort(timesMs);
    return (timesMs[(rounds - 1) / 2] + timesMs[rounds / 2]) / 2;
  }

  @Override
  public void close() {
    peer.close();
    if (side != null) {
      side.close();
    }
  }
}
