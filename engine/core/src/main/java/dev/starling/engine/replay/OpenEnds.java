package dev.starling.engine.replay;

import dev.starling.engine.log.Origin;
import dev.starling.engine.replica.ReplicaLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a replay could not go on with.
 *
 * @param chains what was replayed
 * @param copies the chains that begin with a copy of another one's replica
 * @param candidates what nothing has settled
 * @param layout the model's shape
 */
record OpenEnds(
    Map<ChainId, Chain> chains,
    Map<ChainId, Origin> copies,
    List<Candidate> candidates,
    ReplicaLayout layout) {
  private static final String BROKEN_OFF = "it was full or could not be written";

  List<String> gaps() {
    TreeMap<Long, String> byTime = new TreeMap<>();
    for (Chain chain : chains.values()) {
      for (int stripe = 0; stripe < layout.stripes(); stripe++) {
        StripeEvent head = chain.reader().queue(stripe).peek();
        if (head != null) {
          String missing = missing(chain, stripe, head);
          if (missing != null) {
            byTime.merge(head.timeNs, missing, (one, other) -> one);
          }
        }
      }
    }
    return List.copyOf(byTime.values());
  }

  private String missing(Chain chain, int stripe, StripeEvent head) {
    if (!chain.isPresent(stripe)) {
      return isRoot(copies.get(chain.id()), stripe)
          ? chain.id() + " begins with a copy of a replica that the logs do not lead to"
          : null;
    }
    long before =
        (head.kind == StripeEvent.Kind.FENCE
                ? chain.fullVersion(stripe, head.version)
                : head.version)
            - 1;
    if (chain.version(stripe) != before) {
      return noRecord(chain, stripe, before, head);
    }
    if (head.kind != StripeEvent.Kind.EXCHANGE) {
      return null;
    }
    Chain peer = chains.get(head.peer);
    if (peer == null) {
      return head.position + " is an exchange with " + head.peer + ", whose log is missing";
    }
    long peerBefore = peer.fullVersion(stripe, head.peerVersion) - 1;
    // The peer's own queue tells what it waits for; only where it has none is this the place.
    return peer.version(stripe) != peerBefore && peer.reader().queue(stripe).isEmpty()
        ? noRecord(peer, stripe, peerBefore, head)
        : null;
  }

  private boolean isRoot(Origin origin, int stripe) {
    if (origin == null) {
      return true;
    }
    Chain source = chains.get(new ChainId(origin.rank(), origin.incarnation()));
    return source == null || source.reader().queue(stripe).isEmpty();
  }

  private static String noRecord(Chain chain, int stripe, long before, StripeEvent head) {
    long at = chain.version(stripe);
    return at < before
        ? "version %d of stripe %d of %s has no record%s, but %s needs version %d"
            .formatted(
                at + 1,
                stripe,
                chain.id(),
                chain.reader().isBrokenOff() ? " (" + BROKEN_OFF + ")" : "",
                head.position,
                before)
        : "version %d of stripe %d of %s is made twice: %s makes it again"
            .formatted(before + 1, stripe, chain.id(), head.position);
  }

  List<String> tails() {
    List<String> tails = new ArrayList<>();
    for (Chain chain : chains.values()) {
      ChainReader reader = chain.reader();
      if (reader.isEnded() && !reader.isClosedWell() && reader.damage() == null) {
        tails.add(tail(chain));
      }
    }
    return tails;
  }

  private String tail(Chain chain) {
    ChainReader reader = chain.reader();
    StringBuilder text = new StringBuilder("the log of " + chain.id());
    text.append(reader.isBrokenOff() ? " ends early: " + BROKEN_OFF : " ends without an END record")
        .append(" after ")
        .append(reader.lastPosition())
        .append(", replayed to version ")
        .append(chain.version(0));
    if (reader.hasHalfGradient()) {
      text.append(", with half a gradient that no replica has");
    }
    for (Candidate candidate : candidates) {
      if (candidate.chain().equals(chain.id())) {
        text.append(", and nothing tells whether its exchange to version ")
            .append(candidate.version())
            .append(" was published");
      }
    }
    return text.toString();
  }
}
