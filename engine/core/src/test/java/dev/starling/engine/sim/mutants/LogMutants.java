package dev.starling.engine.sim.mutants;

import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.log.Journal;
import dev.starling.engine.log.Origin;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;

/** Mistakes in what is logged and when, and in checkpoints. */
public final class LogMutants {
  private LogMutants() {}

  /** A record is written when something else happens, after what it announces. */
  private static class Late extends MistakenJournal {
    private Runnable late;

    Late(Journal log) {
      super(log);
    }

    final void later(Runnable record) {
      before();
      late = record;
    }

    @Override
    final void before() {
      if (late != null) {
        Runnable record = late;
        late = null;
        record.run();
      }
    }
  }

  /** The intent of an exchange is not logged. */
  public static final class IntentNotLogged extends Planted {
    /** For the service loader. */
    public IntentNotLogged() {
      super("intent-not-logged", "exchanges are not announced in the log", 3, "P7");
    }

    @Override
    public Journal log(Journal log) {
      return new MistakenJournal(log) {
        @Override
        public void intent(int stripe, long version, int peer, int joined, long at, boolean with) {}
      };
    }
  }

  /** The intent of an exchange is logged after its publish. */
  public static final class IntentLoggedLate extends Planted {
    /** For the service loader. */
    public IntentLoggedLate() {
      super("intent-logged-late", "an exchange is announced after it was published", 57, "P7");
    }

    @Override
    public Journal log(Journal log) {
      return new Late(log) {
        @Override
        public void intent(int stripe, long version, int peer, int joined, long at, boolean with) {
          later(() -> log.intent(stripe, version, peer, joined, at, with));
        }
      };
    }
  }

  /** A step alone is logged after its publish. */
  public static final class StepLoggedLate extends Planted {
    /** For the service loader. */
    public StepLoggedLate() {
      super("step-logged-late", "a step is logged after it was published", 100, "P7");
    }

    @Override
    public Journal log(Journal log) {
      return new Late(log) {
        @Override
        public void step(int stripe, long version) {
          later(() -> log.step(stripe, version));
        }
      };
    }
  }

  /** The log says that an exchange is complete before it is published. */
  public static final class CommitLoggedEarly extends Planted {
    /** For the service loader. */
    public CommitLoggedEarly() {
      super("commit-logged-early", "an exchange is committed with its intent", 54, "P7");
    }

    @Override
    public Journal log(Journal log) {
      return new MistakenJournal(log) {
        @Override
        public void intent(int stripe, long version, int peer, int joined, long at, boolean with) {
          super.intent(stripe, version, peer, joined, at, with);
          super.commit(stripe, version);
        }

        @Override
        public void commit(int stripe, long version) {}
      };
    }
  }

  /** A torn exchange is logged as one that the peer did not publish, though nobody knows. */
  public static final class UncertainLoggedAsTorn extends Planted {
    /** For the service loader. */
    public UncertainLoggedAsTorn() {
      super(
          "uncertain-logged-as-torn",
          "a publish of which nobody knows is logged as one that did not happen",
          54,
          "P7");
    }

    @Override
    public Journal log(Journal log) {
      return new MistakenJournal(log) {
        @Override
        public void torn(int stripe, int peer, boolean mayBePublished) {
          super.torn(stripe, peer, false);
        }
      };
    }
  }

  /** Torn exchanges are not logged. */
  public static final class TornNotLogged extends Planted {
    /** For the service loader. */
    public TornNotLogged() {
      super("torn-not-logged", "an exchange that tears is not logged as torn", 54, "P7");
    }

    @Override
    public Journal log(Journal log) {
      return new MistakenJournal(log) {
        @Override
        public void torn(int stripe, int peer, boolean mayBePublished) {}
      };
    }
  }

  /** Broken locks are not logged. */
  public static final class FenceNotLogged extends Planted {
    /** For the service loader. */
    public FenceNotLogged() {
      super("fence-not-logged", "a lock is broken without a record", 10, "P7");
    }

    @Override
    public Journal log(Journal log) {
      return new MistakenJournal(log) {
        @Override
        public void fence(int stripe, int peer, long version) {}

        @Override
        public void fenced(int stripe, int peer, boolean broken) {}
      };
    }
  }

  /** Every break is logged as done, also one to which the holder came first. */
  public static final class FenceAssumedDone extends Planted {
    /** For the service loader. */
    public FenceAssumedDone() {
      super("fence-assumed-done", "a break that came too late is logged as done", 300, "P7");
    }

    @Override
    public Journal log(Journal log) {
      return new MistakenJournal(log) {
        @Override
        public void fenced(int stripe, int peer, boolean broken) {
          super.fenced(stripe, peer, true);
        }
      };
    }
  }

  /** Where a replica came from is not logged. */
  public static final class RestoreNotLogged extends Planted {
    /** For the service loader. */
    public RestoreNotLogged() {
      super("restore-not-logged", "a rank that is back does not log where from", 3, "P7");
    }

    @Override
    public Journal log(Journal log) {
      return new MistakenJournal(log) {
        @Override
        public void restored(Origin origin) {}
      };
    }
  }

  /** The peer's checkpoint set is not compared with the own one. */
  public static final class CutIgnored extends Planted {
    /** For the service loader. */
    public CutIgnored() {
      super("cut-ignored", "exchanges lie across a checkpoint set", 18, "P7");
    }

    @Override
    public Fabric fabric(Fabric fabric) {
      return new MistakenFabric(fabric) {
        private MemorySegment own;

        @Override
        public Remote connect(RegionDescriptor region, ReplicaLayout layout, int rank, int joined) {
          Remote remote = super.connect(region, layout, rank, joined);
          if (region.rank() == rank) {
            own = remote.direct();
            return remote;
          }
          return new MistakenRemote(remote) {
            @Override
            public void readWord(long offset, long tag) {
              if (isCutWord(offset)) {
                invent(tag, ControlLine.readWord(own, offset));
              } else {
                super.readWord(offset, tag);
              }
            }
          };
        }
      };
    }
  }

  /** A stripe is copied for a checkpoint without its lock. */
  public static final class CopiedWithoutLock extends Planted {
    /** For the service loader. */
    public CopiedWithoutLock() {
      super("copied-without-lock", "a checkpoint copies a stripe without its lock", 3, "P7", "P3");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return !own
          ? remote
          : new MistakenRemote(remote) {
            @Override
            public void compareAndSwap(long offset, long expected, long desired, long tag) {
              if (isForReading(desired) || isForReading(expected) && !isFence(expected, desired)) {
                invent(tag, expected);
              } else {
                super.compareAndSwap(offset, expected, desired, tag);
              }
            }
          };
    }
  }
}
