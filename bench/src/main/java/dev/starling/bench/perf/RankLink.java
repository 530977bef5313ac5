package dev.starling.bench.perf;

import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.LinkChannel;
import dev.starling.engine.fabric.ControlChannel;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.rendezvous.ControlLink;
import dev.starling.engine.rendezvous.JobToken;
import dev.starling.engine.rendezvous.LaunchEnvironment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The link between the two ranks of a measurement; see {@link ControlLink} for its threads. */
final class RankLink implements AutoCloseable {
  private static final int RANKS = 2;
  private static final long LOOK_MS = 500;

  private final ControlLink link;
  private final long gatherNs;
  private final Watch watch;

  private RankLink(ControlLink link, long gatherNs, Watch watch) {
    this.link = link;
    this.gatherNs = gatherNs;
    this.watch = watch;
  }

  /**
   * Joins the other rank.
   *
   * @param options how ranks find each other
   * @param place this process
   * @param shape what both must agree on
   * @param tell takes sentences for people
   * @return the link, owned by the caller
   */
  static RankLink open(
      EndOptions options, LaunchEnvironment place, String shape, Consumer<String> tell) {
    Watch watch = new Watch(tell);
    ControlLink.Context context =
        new ControlLink.Context(place)
            .token(JobToken.detect(System.getenv(), options.tokenFile()))
            .shape(shape)
            .joinTimeoutNs(options.gatherNs())
            // There is no job that a rank 0 could come back to.
            .foundAfterNs(0)
            .listener(watch);
    return new RankLink(ControlLink.open(context), options.gatherNs(), watch);
  }

  long jobId() {
    return link.jobId();
  }

  int incarnation() {
    return link.incarnation();
  }

  int incarnationOf(int rank) {
    return link.knownIncarnation(rank);
  }

  /** {@return the channel of the fabric, which says that the ranks are on different hosts} */
  ControlChannel channel() {
    return new Apart(new LinkChannel(link));
  }

  /** Says that this end is ready and waits, within the limit of the options, for the other one. */
  void awaitBoth() {
    link.publish("ready");
    link.awaitJoined(RANKS, gatherNs);
  }

  /**
   * Waits until the other rank has left; the link notices when it dies.
   *
   * @throws StarlingException when it died
   */
  void awaitEnd() {
    int other = RANKS - 1 - link.rank();
    int incarnation = link.knownIncarnation(other);
    try {
      while (!watch.gone.await(LOOK_MS, TimeUnit.MILLISECONDS)) {
        if (link.state(other, incarnation) == PeerState.DEAD) {
          break;
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new StarlingException("interrupted while rank " + other + " measured", interrupted);
    }
    if (!watch.left) {
      throw new StarlingException(
          "rank %d did not end in good order (%s): look at what it says"
              .formatted(other, watch.reason));
    }
  }

  @Override
  public void close() {
    link.close();
  }

  private static final class Watch implements ControlLink.Listener {
    private final CountDownLatch gone = new CountDownLatch(1);
    private final Consumer<String> tell;
    private volatile boolean left;
    private volatile String reason = "it is dead";

    private Watch(Consumer<String> tell) {
      this.tell = tell;
    }

    @Override
    public void onLeft(int rank, int incarnation) {
      left = true;
      gone.countDown();
    }

    @Override
    public void onDead(int rank, int incarnation, String sentence) {
      reason = sentence;
      gone.countDown();
    }

    @Override
    public void onRefused(String sentence) {
      tell.accept(sentence);
    }

    @Override
    public void onWarning(String sentence) {
      tell.accept(sentence);
    }
  }

  /** Ranks of one host would otherwise move data by load and store. */
  private record Apart(ControlChannel link) implements ControlChannel {
    @Override
    public void request(int rank, byte[] body, Reply reply) {
      link.request(rank, body, reply);
    }

    @Override
    public void onRequest(Handler handler) {
      link.onRequest(handler);
    }

    @Override
    public PeerState state(int rank, int incarnation) {
      return link.state(rank, incarnation);
    }

    @Override
    public boolean isColocated(int rank) {
      return false;
    }
  }
}
