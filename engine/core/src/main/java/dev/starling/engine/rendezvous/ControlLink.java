package dev.starling.engine.rendezvous;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.PeerState;
import java.util.concurrent.TimeUnit;

/**
 * The control connections of one rank to all other ranks of a job: who is there, who is alive, what
 * each says of itself, and small questions and answers. There is no master: a rank joins through
 * any member.
 *
 * <p>Thread-safe. {@link #open} and {@link #awaitJoined} wait, for a bounded time; everything else
 * returns at once. What is read ({@link #state}, {@link #knownIncarnation}, {@link #progress})
 * takes no lock and allocates nothing. Listener, request handler and replies run on the link's own
 * thread and must not wait.
 */
public final class ControlLink implements AutoCloseable {
  /** The incarnation that follows the last known one; the seed hands it out. */
  public static final int NEXT = -1;

  /** The answer to a {@link #request}; exactly one of the two methods is called, once. */
  public interface Reply {
    /**
     * The peer has answered.
     *
     * @param body its answer
     */
    void onReply(byte[] body);

    /**
     * There is no answer: time is up, the peer is gone, it cannot answer, or the link closes.
     *
     * @param sentence what happened; after a timeout or a death the request may have taken effect
     */
    void onFailure(String sentence);
  }

  /** Who answers the requests of other ranks. */
  @FunctionalInterface
  public interface RequestHandler {
    /**
     * Answers a request, on the link's thread.
     *
     * @param fromRank who asks
     * @param fromIncarnation its incarnation
     * @param body the question
     * @return the answer; a RuntimeException fails the request with its message
     */
    byte[] handle(int fromRank, int fromIncarnation, byte[] body);
  }

  /** Who is told what happens, on the link's thread. */
  public interface Listener {
    /** Nobody is told. */
    Listener NONE = new Listener() {};

    /**
     * The link to a rank is up.
     *
     * @param rank the rank
     * @param incarnation its incarnation
     * @param address where it listens
     */
    default void onUp(int rank, int incarnation, String address) {}

    /**
     * A rank has published something about itself: it counts as joined.
     *
     * @param rank the rank
     * @param incarnation its incarnation
     * @param info what it says
     */
    default void onPublished(int rank, int incarnation, String info) {}

    /**
     * A rank left in good order.
     *
     * @param rank the rank
     * @param incarnation its incarnation
     */
    default void onLeft(int rank, int incarnation) {}

    /**
     * A rank is dead.
     *
     * @param rank the rank
     * @param incarnation its incarnation
     * @param sentence how that was noticed
     */
    default void onDead(int rank, int incarnation, String sentence) {}

    /**
     * Somebody was not let in, or sent what makes no sense; the job goes on.
     *
     * @param sentence who, from where, why
     */
    default void onRefused(String sentence) {}

    /**
     * Another rank takes this process for dead and keeps out of its way, for instance because it
     * was stopped for too long; that rank counts as dead here from now on.
     *
     * @param rank the other rank
     * @param sentence who does not accept this rank, and why
     */
    default void onExpelled(int rank, String sentence) {
      onWarning(sentence);
    }

    /**
     * Something is wrong and was dealt with, for instance a connection broke.
     *
     * @param sentence what happened
     */
    default void onWarning(String sentence) {}

    /**
     * A rank sent a signal.
     *
     * @param rank the rank
     * @param incarnation its incarnation
     * @param kind what it means is up to the users of the link
     * @param value its value
     */
    default void onSignal(int rank, int incarnation, int kind, long value) {}
  }

  /** The options of a link; see {@link LinkOptions} for all but those without a default. */
  public static final class Context extends LinkOptions {
    /**
     * Creates a context with every option that has a default at its default.
     *
     * @param rank this rank, from 0
     * @param worldSize number of ranks
     * @param master where rank 0 listens
     */
    public Context(int rank, int worldSize, Endpoint master) {
      super(rank, worldSize, master);
    }

    /**
     * Creates a context for a process that a launcher started.
     *
     * @param environment what the launcher told
     */
    public Context(LaunchEnvironment environment) {
      super(environment.rank(), environment.worldSize(), environment.master());
    }

    @Override
    Context self() {
      return this;
    }
  }

  private static final long CLOSE_NS = 5_000_000_000L;

  private final Context context;
  private final MemberTable table;
  private final LinkLoop loop;
  private final Thread thread;

  private ControlLink(Context context) {
    this.context = context;
    table = new MemberTable(context.worldSize(), context.progressLongs());
    loop = new LinkLoop(context, table);
    thread = new Thread(loop, "starling-control-" + context.rank());
    thread.setDaemon(true);
  }

  /**
   * Joins the job and connects to every member.
   *
   * @param context the options, which this fixes
   * @return the link, owned by the caller
   * @throws ConfigurationException when an option is out of its range
   * @throws StarlingException when the job refuses this rank, or nobody answers in time
   */
  public static ControlLink open(Context context) {
    context.conclude();
    ControlLink link = new ControlLink(context);
    link.thread.start();
    try {
      link.loop.awaitAdmission();
      return link;
    } catch (Throwable failure) {
      link.stop(LinkLoop.Ending.CUT);
      throw failure;
    }
  }

  /**
   * Returns this rank.
   *
   * @return from 0
   */
  public int rank() {
    return context.rank();
  }

  /**
   * Returns how many times this rank had joined before.
   *
   * @return the incarnation that it was admitted with, from 0
   */
  public int incarnation() {
    return loop.directory().incarnation();
  }

  /**
   * Returns the job.
   *
   * @return its id, the same on every rank
   */
  public long jobId() {
    return loop.directory().jobId();
  }

  /**
   * Returns where this rank listens, which may be a seed of others.
   *
   * @return address and port
   */
  public Endpoint listensAt() {
    return loop.listensAt();
  }

  /**
   * Returns the newest incarnation of a rank that has published something about itself, this rank
   * included. Allocates nothing.
   *
   * @param rank the rank
   * @return from 0; {@link dev.starling.engine.fabric.Membership#ABSENT} when it never joined
   */
  public int knownIncarnation(int rank) {
    return table.knownIncarnation(rank);
  }

  /**
   * Tells whether a rank lives. Allocates nothing.
   *
   * @param rank the rank
   * @param incarnation an incarnation of it
   * @return dead also for an incarnation that was replaced or never seen
   */
  public PeerState state(int rank, int incarnation) {
    return table.state(rank, incarnation);
  }

  /**
   * Returns what a rank published last about itself.
   *
   * @param rank the rank
   * @return its text, null when it published none
   */
  public String info(int rank) {
    return table.info(rank);
  }

  /**
   * Returns what an incarnation of a rank published last about itself.
   *
   * @param rank the rank
   * @param incarnation what {@link #knownIncarnation} returned
   * @return its text, null when another incarnation has published since
   */
  public String info(int rank, int incarnation) {
    return table.info(rank, incarnation);
  }

  /**
   * Tells whether a live rank can share memory with this one. Allocates nothing.
   *
   * @param rank the rank
   * @return whether both have the same {@link LinkOptions#hostId()}; false when it is not alive
   */
  public boolean isColocated(int rank) {
    return table.isColocated(rank);
  }

  /**
   * Tells all present and future members something about this rank, for instance where its region
   * is; from now on it counts as joined.
   *
   * @param info the text, which replaces the one before
   * @throws StarlingException when it does not fit a message, or the link has ended
   */
  public void publish(String info) {
    if (info.length() * 3L + 64 > context.maxFrameBytes()) {
      throw new ConfigurationException(
          "what rank "
              + context.rank()
              + " publishes has "
              + info.length()
              + " characters and does not fit the largest message of "
              + context.maxFrameBytes()
              + " bytes: raise it on every rank");
    }
    loop.submit(() -> loop.mesh().publish(info));
  }

  /**
   * Sets a number of this rank's progress, which travels with the next sign of life. Any thread;
   * allocates nothing.
   *
   * @param index from 0 to {@link LinkOptions#progressLongs()} - 1
   * @param value the number
   */
  public void setProgress(int index, long value) {
    table.progress(context.rank(), index, value);
  }

  /**
   * Returns a number of a rank's progress as it was at its last sign of life. Allocates nothing. A
   * rank that returns begins with what its last incarnation said, as far as the members have heard
   * it; it also learns what the ranks said that are gone.
   *
   * @param rank the rank
   * @param index from 0 to {@link LinkOptions#progressLongs()} - 1
   * @return the number, 0 before the first sign of life; what a dead rank said last stays
   */
  public long progress(int rank, int index) {
    return table.progress(rank, index);
  }

  /**
   * Asks a rank something; asking this rank itself is allowed.
   *
   * @param rank whom
   * @param body the question
   * @param reply told the answer or the failure on the link's thread, exactly once
   * @throws StarlingException when the link has ended or too much is under way, in which case the
   *     reply is not called
   */
  public void request(int rank, byte[] body, Reply reply) {
    loop.submit(() -> loop.mesh().request(rank, body, reply), () -> loop.failed(reply));
  }

  /**
   * Sets who answers requests. Until then every request fails.
   *
   * @param handler called on the link's thread
   */
  public void onRequest(RequestHandler handler) {
    loop.requests().handler(handler);
  }

  /**
   * Sends a signal to a live rank's {@link Listener#onSignal}; it is lost when the rank dies or the
   * connection breaks.
   *
   * @param rank whom
   * @param kind what it means is up to the users of the link
   * @param value its value
   * @throws StarlingException when the link has ended or too much is under way
   */
  public void send(int rank, int kind, long value) {
    loop.submit(() -> loop.mesh().signal(rank, kind, value));
  }

  /**
   * Waits until so many ranks are alive and have published, this one included.
   *
   * @param ranks how many
   * @param timeoutNs how long to wait at most, in nanoseconds
   * @throws StarlingException when time is up (the message names who is missing), the link has
   *     ended, or the thread was interrupted
   */
  public void awaitJoined(int ranks, long timeoutNs) {
    table.awaitJoined(ranks, timeoutNs);
  }

  /**
   * Leaves the job in good order, in bounded time. Closing again does nothing; on the link's own
   * thread this returns at once and the link ends afterwards.
   */
  @Override
  public void close() {
    stop(LinkLoop.Ending.LEAVE);
  }

  /** Ends as a killed process does: the kernel closes the connections and nobody says a word. */
  void kill() {
    stop(LinkLoop.Ending.CUT);
  }

  /** Runs something on the link's thread, for instance what stalls it. */
  void execute(Runnable task) {
    loop.submit(task);
  }

  private void stop(LinkLoop.Ending ending) {
    loop.end(ending);
    if (Thread.currentThread() == thread) {
      // A listener closes the link: the thread ends after this call.
      return;
    }
    boolean interrupted = false;
    long deadlineNs = System.nanoTime() + CLOSE_NS;
    while (thread.isAlive() && System.nanoTime() < deadlineNs) {
      try {
        TimeUnit.NANOSECONDS.timedJoin(thread, deadlineNs - System.nanoTime());
      } catch (InterruptedException interrupt) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      throw new StarlingException(
          "the control link of rank "
              + context.rank()
              + " did not end within "
              + CLOSE_NS / 1_000_000
              + " ms: a listener, request handler or reply of it waits, look at thread "
              + thread.getName());
    }
  }
}
