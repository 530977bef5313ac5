package dev.starling.engine.replay;

import dev.starling.engine.memory.PrivateMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

/** What nothing has settled yet; owns the averages of exchanges that may have been published. */
final class Candidates implements AutoCloseable {
  private final List<Candidate> unsettled = new ArrayList<>();

  /** {@return what is not settled, as it is now} */
  List<Candidate> unsettled() {
    return unsettled;
  }

  /** Keeps an exchange; others that make the same version are looked at first. */
  void addExchange(Candidate exchange) {
    unsettled.add(exchange);
  }

  /** Keeps a lock that was being broken when its home was killed: it explains a version first. */
  void addFence(Candidate fence) {
    unsettled.addFirst(fence);
  }

  boolean contains(Candidate candidate) {
    return unsettled.contains(candidate);
  }

  /** {@return the first one that something holds for, or null} */
  Candidate first(Predicate<Candidate> wanted) {
    return unsettled.stream().filter(wanted).findFirst().orElse(null);
  }

  /** A chain has a version: whatever else would have made it, or an earlier one, did not. */
  void settled(ChainId chain, int stripe, long version) {
    List<Candidate> dropped =
        unsettled.stream()
            .filter(
                candidate ->
                    candidate.chain().equals(chain)
                        && candidate.stripe() == stripe
                        && candidate.version() <= version)
            .toList();
    unsettled.removeAll(dropped);
    for (Candidate candidate : dropped) {
      if (candidate.result() != null
          && unsettled.stream().noneMatch(other -> other.result() == candidate.result())) {
        candidate.result().close();
      }
    }
  }

  @Override
  public void close() {
    unsettled.stream()
        .map(Candidate::result)
        .filter(Objects::nonNull)
        .distinct()
        .forEach(PrivateMemory::close);
    unsettled.clear();
  }
}
