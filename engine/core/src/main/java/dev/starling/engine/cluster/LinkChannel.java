package dev.starling.engine.cluster;

import dev.starling.engine.fabric.ControlChannel;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.rendezvous.ControlLink;

/** The channel that a fabric between hosts uses, over the job's control link. Thread-safe. */
public final class LinkChannel implements ControlChannel {
  private final ControlLink link;

  /**
   * Creates the channel.
   *
   * @param link the link, which the caller closes after the fabric
   */
  public LinkChannel(ControlLink link) {
    this.link = link;
  }

  @Override
  public void request(int rank, byte[] body, Reply reply) {
    link.request(
        rank,
        body,
        new ControlLink.Reply() {
          @Override
          public void onReply(byte[] answer) {
            reply.onReply(answer);
          }

          @Override
          public void onFailure(String sentence) {
            reply.onFailure(sentence);
          }
        });
  }

  @Override
  public void onRequest(Handler handler) {
    link.onRequest(handler::handle);
  }

  @Override
  public PeerState state(int rank, int incarnation) {
    return link.state(rank, incarnation);
  }

  @Override
  public boolean isColocated(int rank) {
    return link.isColocated(rank);
  }
}
