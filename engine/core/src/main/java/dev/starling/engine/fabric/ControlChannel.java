package dev.starling.engine.fabric;

/**
 * What a fabric between hosts needs of the connection over which ranks talk before their queue
 * pairs exist: one whose peers have proved that they belong to the job. Thread-safe.
 */
public interface ControlChannel {
  /** Takes what came of a request, exactly once, on the channel's thread; must not block long. */
  interface Reply {
    /**
     * The peer answered.
     *
     * @param body its answer
     */
    void onReply(byte[] body);

    /**
     * The peer did not answer.
     *
     * @param sentence what happened
     */
    void onFailure(String sentence);
  }

  /** Answers requests, on the channel's thread. */
  @FunctionalInterface
  interface Handler {
    /**
     * Answers one request.
     *
     * @param fromRank who asks, as the channel knows it
     * @param fromIncarnation its incarnation
     * @param body what it asks
     * @return the answer
     */
    byte[] handle(int fromRank, int fromIncarnation, byte[] body);
  }

  /**
   * Asks a rank; the answer, or that there is none, comes in bounded time.
   *
   * @param rank whom
   * @param body what
   * @param reply takes the answer
   */
  void request(int rank, byte[] body, Reply reply);

  /**
   * Says who answers requests that come in.
   *
   * @param handler answers them
   */
  void onRequest(Handler handler);

  /**
   * Asks whether a peer takes part. Does not allocate.
   *
   * @param rank the peer
   * @param incarnation its incarnation
   * @return its state
   */
  PeerState state(int rank, int incarnation);

  /**
   * Tells whether a peer runs on this host, so that its memory can be mapped.
   *
   * @param rank the peer
   * @return whether it does
   */
  boolean isColocated(int rank);
}
