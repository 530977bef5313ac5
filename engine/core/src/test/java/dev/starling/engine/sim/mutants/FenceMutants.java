package dev.starling.engine.sim.mutants;

import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import java.lang.foreign.ValueLayout;

/** Mistakes of homes that break locks. */
public final class FenceMutants {
  private FenceMutants() {}

  /** The plane that a stuck holder may still write is not quarantined. */
  public static final class BrokenWithoutQuarantine extends Planted {
    /** For the service loader. */
    public BrokenWithoutQuarantine() {
      super(
          "broken-without-quarantine",
          "a lock is broken while its holder may still write a plane that stays in use",
          15,
          "I2");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return new MistakenRemote(remote) {
        @Override
        public void compareAndSwap(long offset, long expected, long desired, long tag) {
          if (own && isFence(expected, desired)) {
            direct().set(ValueLayout.JAVA_INT, offset + ControlLine.QUARANTINE_OFFSET, 0);
          }
          super.compareAndSwap(offset, expected, desired, tag);
        }
      };
    }
  }

  /** The home says that it cut the holder off, and did not. */
  public static final class BrokenWithoutCutOff extends Planted {
    /** For the service loader. */
    public BrokenWithoutCutOff() {
      super("broken-without-cut-off", "a lock is broken before its holder is cut off", 12, "I2");
    }

    @Override
    public Fabric fabric(Fabric fabric) {
      return new MistakenFabric(fabric) {
        @Override
        public boolean fence(RegionDescriptor home, int rank, int epoch) {
          return true;
        }
      };
    }
  }

  /** A break leaves the version as it was: the old holder's publish still succeeds. */
  public static final class FenceKeepsVersion extends Planted {
    /** For the service loader. */
    public FenceKeepsVersion() {
      super("fence-keeps-version", "a broken lock leaves the version as it was", 10, "I1", "I3");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return new MistakenRemote(remote) {
        @Override
        public void compareAndSwap(long offset, long expected, long desired, long tag) {
          boolean fence = own && isFence(expected, desired);
          super.compareAndSwap(
              offset, expected, fence ? LockWord.releaseUnchanged(expected) : desired, tag);
        }
      };
    }
  }

  /** A home leaves the locks of dead and stuck peers alone. */
  public static final class LockNeverBroken extends Planted {
    /** For the service loader. */
    public LockNeverBroken() {
      super("lock-never-broken", "the lock of a dead peer is never broken", 12, "P1", "I6", "I8");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return new MistakenRemote(remote) {
        @Override
        public void compareAndSwap(long offset, long expected, long desired, long tag) {
          if (own && isFence(expected, desired)) {
            invent(tag, 0);
          } else {
            super.compareAndSwap(offset, expected, desired, tag);
          }
        }
      };
    }
  }

  /** A home takes a peer that lives for dead, and does not fear its writes. */
  public static final class LivingTakenForDead extends Planted {
    private static final int SELDOM = 40;

    /** For the service loader. */
    public LivingTakenForDead() {
      super("living-taken-for-dead", "a peer that lives is now and then taken for dead", 10, "I2");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return own
          ? remote
          : new MistakenRemote(remote) {
            private int asked;

            @Override
            public PeerState state() {
              return ++asked % SELDOM == 0 ? PeerState.DEAD : super.state();
            }
          };
    }
  }

  /** A worker acknowledges a break in the middle of an exchange: it goes on writing. */
  public static final class AcknowledgedEarly extends Planted {
    /** For the service loader. */
    public AcknowledgedEarly() {
      super(
          "acknowledged-early",
          "a worker acknowledges the loss of a lock while it still writes",
          54,
          "I2");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return own
          ? remote
          : new MistakenRemote(remote) {
            @Override
            public int poll(CompletionHandler handler) {
              settle();
              return super.poll(handler);
            }
          };
    }
  }
}
