package dev.starling.engine.replay;

import dev.starling.engine.StarlingException;
import dev.starling.engine.kernel.KernelWarmUp;
import dev.starling.engine.log.Origin;
import dev.starling.engine.log.RunText;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.optimizer.Optimizer;
import dev.starling.engine.optimizer.Optimizers;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongConsumer;

/**
 * Replays the logs of a run from a checkpoint set. Belongs to one thread.
 *
 * <pre>
 *   open --> watch, watch, ... --> run --> gaps, tails, damages --> close
 * </pre>
 */
public final class Replay implements AutoCloseable {
  private static final String WHERE = "the RUN record of ";

  private final ReplayInput input;
  private final long fromSet;
  private final KernelThread kernels = new KernelThread();
  private final Map<ChainId, Chain> chains = new TreeMap<>();
  private final Map<ChainId, Origin> copies = new TreeMap<>();
  private final Candidates candidates = new Candidates();
  private final Map<ChainId, List<Map<Long, List<ReplayWatch>>>> watches = new HashMap<>();
  private final Map<ChainId, List<ReplayWatch>> optimizerWatches = new HashMap<>();
  private final List<String> damages = new ArrayList<>();
  private final List<String> empty = new ArrayList<>();
  private final Set<String> resolved = new TreeSet<>();
  private ReplayLimit limit = () -> false;
  private LongConsumer progress = bytes -> {};
  private ReplicaLayout layout;

  /** Tells when replay has come as far as it is to go. */
  @FunctionalInterface
  public interface ReplayLimit {
    /** {@return whether to stop here} */
    boolean isReached();
  }

  private Replay(ReplayInput input, long fromSet) {
    this.input = input;
    this.fromSet = fromSet;
  }

  /**
   * Opens all logs.
   *
   * @param input the run
   * @param fromSet the checkpoint set to begin at, 0 for the initial model
   * @return the replay, owned by the caller
   * @throws StarlingException when logs and checkpoints do not belong together
   */
  public static Replay open(ReplayInput input, long fromSet) {
    Replay replay = new Replay(input, fromSet);
    try {
      replay.open();
      return replay;
    } catch (Throwable failure) {
      replay.close();
      throw failure;
    }
  }

  private void open() {
    KernelWarmUp.run();
    Map<Integer, ReplayInput.SavedState> start = fromSet > 0 ? input.set(fromSet) : Map.of();
    String shape = null;
    for (ChainId id : input.logs()) {
      ChainReader reader = new ChainReader(id, input.open(id));
      if (reader.run() == null) {
        if (reader.damage() != null) {
          damages.add(reader.damage());
        } else {
          empty.add(
              "the log of " + id + " is empty: its writer was killed before its first record");
        }
        reader.close();
        continue;
      }
      ReplayInput.SavedState saved = start.get(id.rank());
      if (saved != null && saved.chain().incarnation() > id.incarnation()) {
        // The rank has joined again before the set: nothing of this chain is needed.
        reader.close();
        continue;
      }
      String stripes = reader.run().require(WHERE + id, RunText.STRIPES);
      shape = shape == null ? stripes : shape;
      reader.requireSame(RunText.STRIPES, shape);
      layout = layout == null ? reader.run().layout(WHERE + id) : layout;
      Optimizer optimizer =
          Optimizers.parse(
              reader.run().require(WHERE + id, RunText.OPTIMIZER), layout.parameterCount());
      Chain chain = new Chain(reader, layout, kernels, optimizer, this::reachedCheckpoint);
      chains.put(id, chain);
      begin(chain, saved);
    }
  }

  private void begin(Chain chain, ReplayInput.SavedState saved) {
    if (saved != null && saved.chain().equals(chain.id())) {
      chain.load(saved, false);
      if (!chain.reader().skipToCut(fromSet)) {
        damages.add(
            "the log of "
                + chain.id()
                + " has no cut of set "
                + fromSet
                + ": segments of it are missing");
      }
      return;
    }
    Origin origin = chain.reader().readOrigin();
    if (fromSet > 0 && (origin == null || origin.cut() < fromSet)) {
      // A rank that was lost before the set: nothing after the set refers to it.
      chains.remove(chain.id()).close();
    } else if (origin == null) {
      if (chain.reader().damage() == null && !chain.reader().isEnded()) {
        damages.add(
            "the log of "
                + chain.id()
                + " does not say where its parameters came from: its first segments are missing");
      }
    } else if (origin.set() >= 0) {
      ReplayInput.SavedState from =
          input.set(origin.set()).get(origin.rank() >= 0 ? origin.rank() : chain.id().rank());
      if (from == null) {
        damages.add(
            "checkpoint set "
                + origin.set()
                + ", where "
                + chain.id()
                + " begins, is missing or has no file of that rank");
      } else {
        chain.load(origin.rank() >= 0 ? from.withFreshOptimizer() : from, true);
      }
    } else {
      copies.put(chain.id(), origin);
    }
  }

  /**
   * Returns the model's shape.
   *
   * @return the layout, null when no log could be read
   */
  public ReplicaLayout layout() {
    return layout;
  }

  /**
   * Returns what is replayed.
   *
   * @return the chains, sorted
   */
  public List<ChainId> chains() {
    return List.copyOf(chains.keySet());
  }

  /**
   * Returns what a chain's log belongs to.
   *
   * @param chain the chain
   * @return its RUN record
   */
  public RunText run(ChainId chain) {
    return chains.get(chain).reader().run();
  }

  /**
   * Asks to be told when a stripe has a version.
   *
   * @param chain the chain
   * @param stripe the stripe
   * @param version the version, at or after where the replay begins
   * @param watch is told
   */
  public void watch(ChainId chain, int stripe, long version, ReplayWatch watch) {
    List<Map<Long, List<ReplayWatch>>> byStripe =
        watches.computeIfAbsent(
            chain,
            id -> {
              List<Map<Long, List<ReplayWatch>>> made = new ArrayList<>();
              for (int i = 0; i < layout.stripes(); i++) {
                made.add(new HashMap<>());
              }
              return made;
            });
    byStripe.get(stripe).computeIfAbsent(version, at -> new ArrayList<>()).add(watch);
  }

  /**
   * Asks to be told of every checkpoint in the log of a chain.
   *
   * @param chain the chain
   * @param watch is told
   */
  public void watchCheckpoints(ChainId chain, ReplayWatch watch) {
    optimizerWatches.computeIfAbsent(chain, id -> new ArrayList<>()).add(watch);
  }

  /**
   * Sets where to stop before the ends of the logs.
   *
   * @param value asked after every round
   */
  public void limit(ReplayLimit value) {
    limit = value;
  }

  /**
   * Sets who is told how far the replay is.
   *
   * @param value is given the bytes of records read so far, often
   */
  public void progress(LongConsumer value) {
    progress = value;
  }

  /** Replays until nothing more can be applied, or the limit is reached. */
  public void run() {
    copies.forEach(this::watchSource);
    for (Chain chain : chains.values()) {
      for (int stripe = 0; stripe < layout.stripes(); stripe++) {
        reached(chain, stripe);
      }
    }
    boolean moved = true;
    while (moved && !limit.isReached()) {
      moved = false;
      for (Chain chain : chains.values()) {
        moved |= chain.reader().read(chain);
        moved |= apply(chain);
      }
      progress.accept(bytes());
      moved = moved || landCandidate();
    }
    kernels.drain();
    for (Chain chain : chains.values()) {
      if (chain.reader().damage() != null) {
        damages.add(chain.reader().damage());
      }
    }
  }

  /** A chain that copied another one's replica begins when that one has the versions copied. */
  private void watchSource(ChainId copier, Origin origin) {
    ChainId source = new ChainId(origin.rank(), origin.incarnation());
    Chain target = chains.get(copier);
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      watch(
          source,
          stripe,
          origin.versions()[stripe],
          (id, at, version, content) -> {
            target.copyStripe(at, chains.get(id));
            reached(target, at);
          });
    }
  }

  private boolean apply(Chain chain) {
    boolean any = false;
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      while (chain.isPresent(stripe)
          && !chain.reader().queue(stripe).isEmpty()
          && apply(chain, stripe, chain.reader().queue(stripe).peek())) {
        chain.reader().done(stripe);
        any = true;
      }
    }
    return any;
  }

  /** Applies an event if the stripes are where it wants them. */
  private boolean apply(Chain chain, int stripe, StripeEvent event) {
    return switch (event.kind) {
      case STEP -> step(chain, stripe, event);
      case EXCHANGE -> exchange(chain, stripe, event);
      case FENCE -> fence(chain, stripe, event);
    };
  }

  private boolean step(Chain chain, int stripe, StripeEvent event) {
    if (chain.version(stripe) != event.version - 1) {
      return false;
    }
    chain.step(stripe);
    reached(chain, stripe);
    return true;
  }

  private boolean fence(Chain chain, int stripe, StripeEvent event) {
    long version = chain.fullVersion(stripe, event.version);
    return switch (event.ending) {
      case DONE -> {
        if (chain.version(stripe) != version - 1) {
          yield event.duringCut && chain.version(stripe) >= version;
        }
        candidates.settled(chain.id(), stripe, version);
        chain.fence(stripe);
        reached(chain, stripe);
        yield true;
      }
      case NOT, UNCERTAIN -> true;
      case OPEN -> {
        if (!chain.reader().isEnded()) {
          yield false;
        }
        // The home was killed while it broke the lock; whoever met it later knows.
        candidates.addFence(new Candidate(chain.id(), stripe, version, null, null, event.position));
        yield true;
      }
    };
  }

  private boolean exchange(Chain chain, int stripe, StripeEvent event) {
    if (event.ending == StripeEvent.Ending.NOT) {
      return true;
    }
    Chain peer = chains.get(event.peer);
    if (peer == null || !peer.isPresent(stripe) || chain.version(stripe) != event.version - 1) {
      return false;
    }
    long peerVersion = peer.fullVersion(stripe, event.peerVersion);
    if (event.ending == StripeEvent.Ending.DONE) {
      if (peer.version(stripe) != peerVersion - 1) {
        return false;
      }
      candidates.settled(peer.id(), stripe, peerVersion);
      chain.exchange(stripe, peer, event.withUpdate);
      reached(chain, stripe);
      reached(peer, stripe);
      return true;
    }
    if (event.ending == StripeEvent.Ending.OPEN && !chain.reader().isEnded()) {
      return false;
    }
    if (peer.version(stripe) >= peerVersion) {
      // Somebody else made that version: this exchange was not published.
      return true;
    }
    if (peer.version(stripe) != peerVersion - 1) {
      return false;
    }
    keepCandidate(chain, stripe, event, peer, peerVersion);
    return true;
  }

  private void keepCandidate(
      Chain chain, int stripe, StripeEvent event, Chain peer, long peerVersion) {
    PrivateMemory result =
        PrivateMemory.allocate("an unsettled exchange", layout.stripeLengthBytes(stripe));
    chain.average(stripe, peer, event.withUpdate, result.segment());
    Candidate onPeer = new Candidate(peer.id(), stripe, peerVersion, null, result, event.position);
    candidates.addExchange(onPeer);
    if (event.ending == StripeEvent.Ending.OPEN) {
      candidates.addExchange(
          new Candidate(chain.id(), stripe, event.version, onPeer, result, event.position));
    }
  }

  /**
   * Publishes one exchange that nothing else explains and that something later needs. First those
   * that the replica's own log cannot explain any more: what is still to be read there may be a
   * fence of the same version.
   */
  private boolean landCandidate() {
    return landCandidate(true) || landCandidate(false);
  }

  private boolean landCandidate(boolean ownLogIsPast) {
    Candidate found = candidates.first(candidate -> isDue(candidate, ownLogIsPast));
    if (found != null) {
      land(found);
    }
    return found != null;
  }

  private boolean isDue(Candidate candidate, boolean ownLogIsPast) {
    Chain chain = chains.get(candidate.chain());
    return chain.version(candidate.stripe()) == candidate.version() - 1
        && isNeeded(candidate.chain(), candidate.stripe(), candidate.version())
        && (!ownLogIsPast || isPast(chain, candidate.stripe()));
  }

  /** Whether the log of a replica has been read beyond what happened to a stripe next. */
  private static boolean isPast(Chain chain, int stripe) {
    return chain.reader().isEnded() || !chain.reader().queue(stripe).isEmpty();
  }

  private void land(Candidate candidate) {
    Candidate first = candidate.also();
    if (first != null && candidates.contains(first)) {
      landOn(first);
    }
    landOn(candidate);
  }

  private void landOn(Candidate candidate) {
    Chain chain = chains.get(candidate.chain());
    if (chain.version(candidate.stripe()) == candidate.version() - 1) {
      if (candidate.result() == null) {
        chain.fence(candidate.stripe());
      } else {
        chain.land(candidate.stripe(), candidate.result().segment());
      }
      candidates.settled(candidate.chain(), candidate.stripe(), candidate.version());
      resolved.add(
          candidate.position()
              + (candidate.result() == null
                  ? ": the lock was broken on "
                  : ": the exchange was published on ")
              + candidate.chain()
              + ", as later versions show");
      reached(chain, candidate.stripe());
    }
  }

  /** Whether anything that waits says that a chain had a version. */
  private boolean isNeeded(ChainId id, int stripe, long version) {
    Chain wanted = chains.get(id);
    StripeEvent own = wanted.reader().queue(stripe).peek();
    if (own != null && own.kind != StripeEvent.Kind.FENCE && own.version > version) {
      return true;
    }
    if (own != null
        && own.kind == StripeEvent.Kind.FENCE
        && own.ending == StripeEvent.Ending.DONE
        && wanted.fullVersion(stripe, own.version) > version) {
      return true;
    }
    for (Chain chain : chains.values()) {
      StripeEvent head = chain.reader().queue(stripe).peek();
      if (head != null
          && head.kind == StripeEvent.Kind.EXCHANGE
          && id.equals(head.peer)
          && wanted.fullVersion(stripe, head.peerVersion) > version) {
        return true;
      }
    }
    List<Map<Long, List<ReplayWatch>>> asked = watches.get(id);
    return asked != null
        && asked.get(stripe).keySet().stream().anyMatch(asVersion -> asVersion >= version);
  }

  private void reached(Chain chain, int stripe) {
    List<Map<Long, List<ReplayWatch>>> asked = watches.get(chain.id());
    if (asked == null || !chain.isPresent(stripe)) {
      return;
    }
    List<ReplayWatch> told = asked.get(stripe).remove(chain.version(stripe));
    if (told != null) {
      for (ReplayWatch watch : told) {
        watch.stripe(chain.id(), stripe, chain.version(stripe), chain.content(stripe));
      }
    }
  }

  private void reachedCheckpoint(Chain chain, long set, long step, long[] versions) {
    for (ReplayWatch watch : optimizerWatches.getOrDefault(chain.id(), List.of())) {
      watch.optimizer(chain.id(), set, step, chain.optimizer());
    }
  }

  /**
   * Returns how many records were read.
   *
   * @return over all logs
   */
  public long records() {
    return chains.values().stream().mapToLong(chain -> chain.reader().records()).sum();
  }

  /**
   * Returns how long the records are that were read.
   *
   * @return bytes, over all logs
   */
  public long bytes() {
    return chains.values().stream().mapToLong(chain -> chain.reader().bytes()).sum();
  }

  /**
   * Returns how many gradients were turned into updates.
   *
   * @return over all logs
   */
  public long updates() {
    return chains.values().stream().mapToLong(Chain::updates).sum();
  }

  /**
   * Returns the version that a stripe was replayed to.
   *
   * @param chain the chain
   * @param stripe the stripe
   * @return the version
   */
  public long version(ChainId chain, int stripe) {
    return chains.get(chain).version(stripe);
  }

  /**
   * Returns what is wrong with logs and checkpoints.
   *
   * @return a sentence for each; empty when nothing is
   */
  public List<String> damages() {
    return List.copyOf(damages);
  }

  /**
   * Returns the versions that no record makes although something later needs them.
   *
   * @return a sentence for each, the earliest first
   */
  public List<String> gaps() {
    return layout == null
        ? List.of()
        : new OpenEnds(chains, copies, candidates.unsettled(), layout).gaps();
  }

  /**
   * Returns what the ends of logs leave open.
   *
   * @return a sentence for each log that does not end by intent
   */
  public List<String> tails() {
    List<String> tails = new ArrayList<>(empty);
    if (layout != null) {
      tails.addAll(new OpenEnds(chains, copies, candidates.unsettled(), layout).tails());
    }
    return tails;
  }

  /**
   * Returns what logs left open and others settled.
   *
   * @return a sentence for each
   */
  public List<String> settled() {
    return List.copyOf(resolved);
  }

  /**
   * Tells whether the logs keep the values of gradients.
   *
   * @return whether every log does
   */
  public boolean hasValues() {
    return chains.values().stream().allMatch(Chain::hasValues);
  }

  /**
   * Returns a stripe as it is now.
   *
   * @param chain the chain
   * @param stripe the stripe
   * @return its parameters, float32, valid until the replay is closed; null when the chain has not
   *     begun
   */
  public MemorySegment content(ChainId chain, int stripe) {
    Chain found = chains.get(chain);
    return found == null || !found.isPresent(stripe) ? null : found.content(stripe);
  }

  @Override
  public void close() {
    // First: what follows gives back the memory that they compute in.
    kernels.close();
    chains.values().forEach(Chain::close);
    chains.clear();
    candidates.close();
  }
}
