package dev.starling.engine.sim;

import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.Journal;
import dev.starling.engine.replica.AttachmentTable;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Watches a simulation and notes every violated invariant. It sees each successful swap of a lock
 * word, each write of a plane and each journal event, and keeps a shadow of what was published.
 */
final class InvariantChecker implements SimWatch {
  private static final int MAX_VIOLATIONS = 8;

  private final ReplicaLayout layout;
  private final List<Replica> replicas = new ArrayList<>();
  private final Map<Replica, Shadow> shadows = new IdentityHashMap<>();
  private final Map<String, Intent> openIntents = new HashMap<>();
  private final List<String> violations = new ArrayList<>();
  private long traceHash = 17;
  private long postedInCall;
  private long quarantines;
  private long outdated;
  private SilentHolder silentHolder = (home, holder, epoch) -> false;
  private Consumer<String> trace = line -> {};
  private boolean traced;
  private int actor;

  InvariantChecker(ReplicaLayout layout) {
    this.layout = layout;
  }

  /** Knows who cannot write any more, whatever anyone has noticed of it. */
  @FunctionalInterface
  interface SilentHolder {
    boolean test(Replica home, int holder, int epoch);
  }

  /** One open exchange, as its active side intends it, and what was published of it. */
  private static final class Intent {
    final int peer;
    final int peerIncarnation;
    final long version;
    final long peerVersion;
    boolean published;
    boolean peerPublished;

    Intent(int peer, int peerIncarnation, long version, long peerVersion) {
      this.peer = peer;
      this.peerIncarnation = peerIncarnation;
      this.version = version;
      this.peerVersion = peerVersion;
    }

    /** A stripe was published by the active side. */
    void published(Replica replica, boolean own, long newVersion) {
      if (own) {
        published |= newVersion == (version & LockWord.VERSION_MASK);
      } else if (replica.rank() == peer && replica.incarnation() == peerIncarnation) {
        peerPublished |= newVersion == peerVersion;
      }
    }
  }

  /** What one replica published last, and what its compute thread has pinned. */
  private static final class Shadow {
    final float[][] published;
    final int[] pinnedPlane;
    final long[] word;

    Shadow(int stripes) {
      published = new float[stripes][];
      word = new long[stripes];
      pinnedPlane = new int[stripes];
      Arrays.fill(pinnedPlane, -1);
    }
  }

  void silentHolder(SilentHolder knows) {
    silentHolder = knows;
  }

  /** Tells every event as a line. */
  void trace(Consumer<String> lines) {
    trace = lines;
    traced = true;
  }

  /** Something else took place that makes this run what it is. */
  void happened(String what, int rank, long nowNs) {
    traceHash = (traceHash * 31 + what.hashCode()) * 31 + rank;
    traceHash = traceHash * 31 + nowNs;
    if (traced) {
      trace.accept("rank " + rank + " " + what);
    }
  }

  /** A replica has its first state. */
  void created(Replica replica) {
    replicas.add(replica);
    Shadow shadow = new Shadow(layout.stripes());
    shadows.put(replica, shadow);
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      shadow.published[stripe] = content(replica, stripe, 0);
      shadow.word[stripe] = replica.lockWord(stripe);
    }
  }

  List<String> violations() {
    return violations;
  }

  long traceHash() {
    return traceHash;
  }

  long quarantines() {
    return quarantines;
  }

  /** {@return broken locks of an epoch that was not the holder's newest} */
  long outdated() {
    return outdated;
  }

  @Override
  public void violated(String what) {
    if (violations.size() < MAX_VIOLATIONS) {
      violations.add(what);
    }
  }

  /** The following local writes belong to this worker. */
  void acting(int rank) {
    actor = rank;
    postedInCall = 0;
  }

  /** What a dead worker had begun is nobody's any more. */
  void died(int rank) {
    openIntents.keySet().removeIf(key -> key.startsWith(rank + "/"));
  }

  /** One more operation was posted in the call under way. */
  @Override
  public void posted(int rank) {
    postedInCall++;
  }

  @Override
  public void completed(int rank) {}

  /** A call of an agent or a compute thread returned. */
  void returned(String call, long bound) {
    if (postedInCall > bound) {
      violated(
          "I6: "
              + call
              + " of rank "
              + actor
              + " posted "
              + postedInCall
              + " operations, more than "
              + bound);
    }
  }

  /** A swap of a lock word took place. */
  @Override
  public void swapped(Replica replica, int by, long offset, long before, long after) {
    traceHash = traceHash * 31 + before;
    traceHash = traceHash * 31 + after;
    int stripe = stripeOfLine(offset);
    int home = replica.rank();
    Supplier<String> where = () -> transition(stripe, home, by, before, after);
    if (traced) {
      trace.accept(where.get());
    }
    Shadow shadow = shadows.get(replica);
    if (shadow.word[stripe] != before) {
      violated(
          "I1: the lock word was changed by something other than a swap of the fabric, it was "
              + LockWord.describe(shadow.word[stripe])
              + ", "
              + where.get());
    }
    shadow.word[stripe] = after;
    int holder = LockWord.owner(before);
    if (holder < 0) {
      boolean acquired =
          after == LockWord.acquire(before, by, LockWord.epoch(after), LockWord.target(after));
      if (!acquired || LockWord.epoch(after) == 0 || isForReading(after) && by != home) {
        violated("I1: not a legal acquisition, " + where.get());
      }
    } else if (by == home && holder != home && after == LockWord.fence(before)) {
      fenced(replica, stripe, before);
    } else if (holder != by) {
      violated("I1: the lock of another was changed, " + where.get());
    } else if (after == LockWord.publish(before) && !isForReading(before)) {
      Intent intent = openIntents.get(key(by, stripe));
      if (intent != null) {
        intent.published(replica, by == home, LockWord.version(after));
      }
      published(replica, stripe, LockWord.target(before), where);
    } else if (after != LockWord.releaseUnchanged(before)
        && after != LockWord.retarget(before, LockWord.target(after))) {
      long rise = LockWord.version(after) - LockWord.version(before);
      violated((rise == 0 || rise == 1 ? "I1" : "I3") + ": not a legal transition, " + where.get());
    }
  }

  private static String transition(int stripe, int home, int by, long before, long after) {
    return "stripe %d of rank %d by rank %d: %s -> %s"
        .formatted(stripe, home, by, LockWord.describe(before), LockWord.describe(after));
  }

  /** Whoever copies for a checkpoint names the current plane: nothing will be written. */
  private static boolean isForReading(long held) {
    return LockWord.target(held) == LockWord.current(held);
  }

  private void published(Replica replica, int stripe, int plane, Supplier<String> where) {
    if (shadows.get(replica).pinnedPlane[stripe] == plane) {
      violated("I2: published into the pinned plane, " + where.get());
    }
    shadows.get(replica).published[stripe] = content(replica, stripe, plane);
  }

  private void fenced(Replica replica, int stripe, long before) {
    int holder = LockWord.owner(before);
    int plane = LockWord.target(before);
    boolean quarantined = (ControlLine.quarantined(replica.guardWord(stripe)) >>> plane & 1) != 0;
    int epoch = LockWord.epoch(before);
    long attachment = AttachmentTable.attachment(replica.segment(), holder);
    outdated += epoch == AttachmentTable.epoch(attachment) ? 0 : 1;
    if (quarantined) {
      quarantines++;
    } else if (plane != LockWord.current(before) && !silentHolder.test(replica, holder, epoch)) {
      violated(
          "I2: the lock of rank "
              + holder
              + ", which may still write, was broken without quarantine");
    }
  }

  /** A worker is about to write somewhere into a region. */
  @Override
  public void writing(Replica replica, int by, long offset) {
    int stripe = 0;
    int plane = -1;
    for (int s = 0; s < layout.stripes() && plane < 0; s++) {
      for (int p = 0; p < LockWord.MAX_PLANES && plane < 0; p++) {
        long start = layout.planeOffset(s, p);
        if (offset >= start && offset < start + layout.stripeLengthBytes(s)) {
          stripe = s;
          plane = p;
        }
      }
    }
    int home = replica.rank();
    String where =
        "plane " + plane + " of stripe " + stripe + " of rank " + home + " by rank " + by;
    if (plane < 0) {
      violated("I2: a write outside every plane, by rank " + by + " at offset " + offset);
      return;
    }
    long word = replica.lockWord(stripe);
    boolean held = LockWord.owner(word) == by && LockWord.target(word) == plane;
    boolean quarantined = (ControlLine.quarantined(replica.guardWord(stripe)) >>> plane & 1) != 0;
    if (!held && !quarantined) {
      violated("I2: a write without the lock, " + where + ", lock word " + LockWord.describe(word));
    }
    if (held && plane == LockWord.current(word)) {
      violated("I2: the current plane is written, " + where);
    }
    if (shadows.get(replica).pinnedPlane[stripe] == plane) {
      violated("I2: the pinned plane is written, " + where);
    }
  }

  /** Local code is about to write to an address; it belongs to a region or to private memory. */
  void writingAddress(long address) {
    for (Replica replica : replicas) {
      long offset = address - replica.segment().address();
      if (offset >= 0 && offset < replica.segment().byteSize()) {
        writing(replica, actor, offset);
      }
    }
  }

  /** A compute thread confirmed a pin: what it sees must be what was published last. */
  void pinned(Replica replica, int stripe, int plane) {
    shadows.get(replica).pinnedPlane[stripe] = plane;
    checkPinned(replica, stripe, plane);
  }

  void checkPinned(Replica replica, int stripe, int plane) {
    if (LockWord.current(replica.lockWord(stripe)) == plane
        && !Arrays.equals(
            shadows.get(replica).published[stripe], content(replica, stripe, plane))) {
      violated(
          "P3: the current plane of stripe "
              + stripe
              + " of rank "
              + replica.rank()
              + " is not what was published");
    }
  }

  void unpinned(Replica replica, int stripe) {
    shadows.get(replica).pinnedPlane[stripe] = -1;
  }

  float[] content(Replica replica, int stripe, int plane) {
    MemorySegment segment =
        replica
            .segment()
            .asSlice(layout.planeOffset(stripe, plane), layout.stripeLengthBytes(stripe));
    return segment.toArray(ValueLayout.JAVA_FLOAT);
  }

  /** The journal of one worker. */
  Journal journal(int rank) {
    return new Journal() {
      private int gradients;

      @Override
      public void gradient(
          long optimizerStep,
          int count,
          long oldestReadVersion,
          float learningRate,
          float scale,
          GradientPayload payload,
          long payloadLengthBytes) {
        gradients = count;
      }

      @Override
      public void fragment(MemorySegment payload, long offsetBytes, long lengthBytes) {
        for (long at = offsetBytes; at < offsetBytes + lengthBytes; at += Float.BYTES) {
          float value = payload.get(ValueLayout.JAVA_FLOAT, at);
          if (value != gradients * CheckedCompute.GRADIENT) {
            violated(
                "I7: rank %d takes %d gradients and their sum is %s instead of %s"
                    .formatted(rank, gradients, value, gradients * CheckedCompute.GRADIENT));
            return;
          }
        }
      }

      @Override
      public void intent(
          int stripe,
          long version,
          int peer,
          int peerIncarnation,
          long peerVersion,
          boolean withUpdate) {
        Intent intent = new Intent(peer, peerIncarnation, version, peerVersion);
        if (openIntents.put(key(rank, stripe), intent) != null) {
          violated(
              "I4: rank " + rank + " began an exchange of stripe " + stripe + " inside another");
        }
      }

      @Override
      public void commit(int stripe, long version) {
        Intent intent = openIntents.remove(key(rank, stripe));
        if (intent == null) {
          violated(
              "I4: rank "
                  + rank
                  + " committed an exchange of stripe "
                  + stripe
                  + " that it never intended");
        } else if (!intent.published || !intent.peerPublished) {
          violated(
              "I4: rank %d committed an exchange of stripe %d with rank %d that it did not publish on %s side"
                  .formatted(
                      rank, stripe, intent.peer, intent.published ? "the other" : "its own"));
        }
        traceHash = traceHash * 31 + version;
      }

      @Override
      public void torn(int stripe, int peer, boolean mayBePublished) {
        if (openIntents.remove(key(rank, stripe)) == null) {
          violated(
              "I4: rank "
                  + rank
                  + " tore an exchange of stripe "
                  + stripe
                  + " that it never intended");
        }
      }
    };
  }

  /** At the end no exchange of a living worker may be open. */
  void finished() {
    openIntents.forEach(
        (key, intent) -> {
          String rank = key.substring(0, key.indexOf('/'));
          violated(
              "I4: the exchange of rank "
                  + rank
                  + " with rank "
                  + intent.peer
                  + " was neither committed nor torn");
        });
  }

  private static String key(int rank, int stripe) {
    return rank + "/" + stripe;
  }

  private int stripeOfLine(long offset) {
    return (int) ((offset - layout.lineOffset(0)) / ControlLine.LENGTH_BYTES);
  }
}
