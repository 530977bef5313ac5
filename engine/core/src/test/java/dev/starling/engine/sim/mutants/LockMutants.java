package dev.starling.engine.sim.mutants;

import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Mistakes in how locks are taken and given back. */
public final class LockMutants {
  private LockMutants() {}

  /** The own stripe is not locked, and given back as if it had been. */
  public static final class OwnStripeNotLocked extends Planted {
    /** For the service loader. */
    public OwnStripeNotLocked() {
      super(
          "own-stripe-not-locked",
          "a worker writes its own stripe without its lock",
          3,
          "I2",
          "rank");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return !own
          ? remote
          : new MistakenRemote(remote) {
            @Override
            public void compareAndSwap(long offset, long expected, long desired, long tag) {
              if (isLocking(expected, desired)) {
                invent(tag, expected);
              } else {
                super.compareAndSwap(offset, expected, desired, tag);
              }
            }
          };
    }
  }

  /** Whoever fails to take a lock goes on as if it had it. */
  public static final class FailedLockTaken extends Planted {
    /** For the service loader. */
    public FailedLockTaken() {
      super("failed-lock-taken", "a lock that was not got is used as if it were held", 6, "I2");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return own
          ? remote
          : new MistakenRemote(remote) {
            private final Map<Long, Long> locking = new HashMap<>();

            @Override
            public void compareAndSwap(long offset, long expected, long desired, long tag) {
              if (isLocking(expected, desired)) {
                locking.put(tag, expected);
              }
              super.compareAndSwap(offset, expected, desired, tag);
            }

            @Override
            void deliver(CompletionHandler handler, long tag, boolean succeeded, long value) {
              Long expected = locking.remove(tag);
              if (expected == null) {
                super.deliver(handler, tag, succeeded, value);
              } else {
                super.deliver(handler, tag, true, expected);
              }
            }
          };
    }
  }

  /** Holding is combined with waiting: whoever holds its own stripe waits for a peer's. */
  public static final class WaitsForALock extends Planted {
    /** For the service loader. */
    public WaitsForALock() {
      super(
          "waits-for-a-lock",
          "a worker that holds its own stripe waits until a peer's is free",
          12,
          "I6",
          "I8",
          "P1");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return own
          ? remote
          : new MistakenRemote(remote) {
            private final Map<Long, Long> looking = new HashMap<>();

            @Override
            public void readWord(long offset, long tag) {
              if (isLockWord(offset)) {
                looking.put(tag, offset);
              }
              super.readWord(offset, tag);
            }

            @Override
            void deliver(CompletionHandler handler, long tag, boolean succeeded, long value) {
              Long offset = looking.get(tag);
              if (offset != null && succeeded && !LockWord.isFree(value)) {
                remote.readWord(offset, tag);
                return;
              }
              looking.remove(tag);
              super.deliver(handler, tag, succeeded, value);
            }
          };
    }
  }

  /** A peer that finds a stripe locked breaks the lock, which only the home may. */
  public static final class BrokenByAPeer extends Planted {
    /** For the service loader. */
    public BrokenByAPeer() {
      super("broken-by-a-peer", "a peer breaks a lock that it finds held", 4, "I1");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return own
          ? remote
          : new MistakenRemote(remote) {
            private final Map<Long, Long> looking = new HashMap<>();

            @Override
            public void readWord(long offset, long tag) {
              if (isLockWord(offset)) {
                looking.put(tag, offset);
              }
              super.readWord(offset, tag);
            }

            @Override
            void deliver(CompletionHandler handler, long tag, boolean succeeded, long value) {
              Long offset = looking.remove(tag);
              if (offset != null && succeeded && !LockWord.isFree(value)) {
                hide(-tag);
                remote.compareAndSwap(offset, value, LockWord.fence(value), -tag);
              }
              super.deliver(handler, tag, succeeded, value);
            }
          };
    }
  }

  /** An exchange that finds no partner does not give its own stripe back. */
  public static final class OwnLockKept extends Planted {
    /** For the service loader. */
    public OwnLockKept() {
      super("own-lock-kept", "a worker keeps its own lock when it finds no partner", 4, "I6", "I8");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return !own
          ? remote
          : new MistakenRemote(remote) {
            @Override
            public void compareAndSwap(long offset, long expected, long desired, long tag) {
              if (isRelease(expected, desired) && !isForReading(expected)) {
                invent(tag, expected);
              } else {
                super.compareAndSwap(offset, expected, desired, tag);
              }
            }
          };
    }
  }

  /** A lock is given back by a store, which undoes a swap that came in between. */
  public static final class ReleaseByStore extends Planted {
    /** For the service loader. */
    public ReleaseByStore() {
      super("release-by-store", "a lock is given back by a store", 3, "I1");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return new MistakenRemote(remote) {
        @Override
        public void compareAndSwap(long offset, long expected, long desired, long tag) {
          if (isRelease(expected, desired) && direct() != null) {
            direct().set(ValueLayout.JAVA_LONG, offset, desired);
            invent(tag, expected);
          } else {
            super.compareAndSwap(offset, expected, desired, tag);
          }
        }
      };
    }
  }

  /** A stripe is published by a store, which undoes a swap that came in between. */
  public static final class PublishByStore extends Planted {
    /** For the service loader. */
    public PublishByStore() {
      super("publish-by-store", "a stripe is published by a store", 3, "I1", "I4", "P3");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return new MistakenRemote(remote) {
        @Override
        public void compareAndSwap(long offset, long expected, long desired, long tag) {
          if (isPublish(expected, desired) && direct() != null) {
            direct().set(ValueLayout.JAVA_LONG, offset, desired);
            invent(tag, expected);
          } else {
            super.compareAndSwap(offset, expected, desired, tag);
          }
        }
      };
    }
  }

  /** The home changes its own lock words by the processor's swap, peers by another's. */
  public static final class HomeSwapsByCpu extends Planted {
    /** For the service loader. */
    public HomeSwapsByCpu() {
      super(
          "home-swaps-by-cpu",
          "a home swaps its lock words with the processor, its peers with the network card",
          3,
          "I1",
          "I4",
          "P3");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return !own
          ? remote
          : new MistakenRemote(remote) {
            @Override
            public void compareAndSwap(long offset, long expected, long desired, long tag) {
              invent(tag, ControlLine.compareAndSwap(direct(), offset, expected, desired));
            }
          };
    }
  }

  /** A rank that joins again uses its predecessor's epoch: the home cannot tell them apart. */
  public static final class EpochReused extends Planted {
    /** For the service loader. */
    public EpochReused() {
      super("epoch-reused", "every connection of a rank has the same epoch", 12, "I1", "I2");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return new MistakenRemote(remote) {
        @Override
        public int epoch() {
          return 1;
        }
      };
    }
  }

  /** A guard word that was not read: planes are written that are pinned or in quarantine. */
  public static final class GuardNotRead extends Planted {
    /** For the service loader. */
    public GuardNotRead() {
      super("guard-not-read", "a plane is chosen without a look at the guard word", 6, "I2");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return new MistakenRemote(remote) {
        private final Set<Long> guards = new HashSet<>();

        @Override
        public void readWord(long offset, long tag) {
          if (isGuardWord(offset)) {
            guards.add(tag);
          }
          super.readWord(offset, tag);
        }

        @Override
        void deliver(CompletionHandler handler, long tag, boolean succeeded, long value) {
          super.deliver(handler, tag, succeeded, guards.remove(tag) ? 0 : value);
        }
      };
    }
  }

  /** An agent that asks the fabric again and again inside one call. */
  public static final class AsksAgainInACall extends Planted {
    private static final int TIMES = 16;

    /** For the service loader. */
    public AsksAgainInACall() {
      super("asks-again-in-a-call", "an agent repeats a read many times inside a call", 3, "I6");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return own
          ? remote
          : new MistakenRemote(remote) {
            @Override
            public void readWord(long offset, long tag) {
              for (long i = 1; i < TIMES; i++) {
                hide(-tag - i);
                remote.readWord(offset, -tag - i);
              }
              super.readWord(offset, tag);
            }
          };
    }
  }

  /** A home that is dead goes on being a partner. */
  public static final class DeathNotNoticed extends Planted {
    /** For the service loader. */
    public DeathNotNoticed() {
      super("death-not-noticed", "a peer is never asked whether it lives", 12, "P1", "I6", "I8");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return own
          ? remote
          : new MistakenRemote(remote) {
            @Override
            public PeerState state() {
              return PeerState.ALIVE;
            }
          };
    }
  }
}
