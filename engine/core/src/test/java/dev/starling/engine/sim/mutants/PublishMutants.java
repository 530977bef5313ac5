package dev.starling.engine.sim.mutants;

import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/** Mistakes between the data of an exchange and its publish. */
public final class PublishMutants {
  private PublishMutants() {}

  /** The publish does not wait for the writes of its data. */
  public static final class PublishBeforeData extends Planted {
    /** For the service loader. */
    public PublishBeforeData() {
      super(
          "publish-before-data",
          "a publish does not wait for the writes of its data",
          6,
          "I2",
          "P3");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return new MistakenRemote(remote) {
        @Override
        public void write(long offset, MemorySegment from, long fromOffset, long length, long tag) {
          super.write(offset, from, fromOffset, length, tag);
          hide(tag);
          invent(tag, 0);
        }
      };
    }
  }

  /** The own side is published and committed before the peer's publish has taken effect. */
  public static final class CommitBeforePublish extends Planted {
    /** For the service loader. */
    public CommitBeforePublish() {
      super(
          "commit-before-publish",
          "an exchange is committed before the peer's publish took effect",
          8,
          "I4");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return own
          ? remote
          : new MistakenRemote(remote) {
            @Override
            public void compareAndSwap(long offset, long expected, long desired, long tag) {
              super.compareAndSwap(offset, expected, desired, tag);
              if (isPublish(expected, desired)) {
                hide(tag);
                invent(tag, expected);
              }
            }
          };
    }
  }

  /** What a publish found is not looked at. */
  private static class PublishTrusted extends Planted {
    private final boolean trustsFailures;

    PublishTrusted(String name, String mistake, int seeds, boolean failures, String... foundAs) {
      super(name, mistake, seeds, foundAs);
      trustsFailures = failures;
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return own
          ? remote
          : new MistakenRemote(remote) {
            private final Map<Long, Long> publishing = new HashMap<>();

            @Override
            public void compareAndSwap(long offset, long expected, long desired, long tag) {
              if (isPublish(expected, desired)) {
                publishing.put(tag, expected);
              }
              super.compareAndSwap(offset, expected, desired, tag);
            }

            @Override
            void deliver(CompletionHandler handler, long tag, boolean succeeded, long value) {
              Long expected = publishing.remove(tag);
              if (expected == null || succeeded == trustsFailures) {
                super.deliver(handler, tag, succeeded, value);
              } else {
                super.deliver(handler, tag, true, expected);
              }
            }
          };
    }
  }

  /** A publish whose completion is uncertain counts as done. */
  public static final class UncertainCountedAsDone extends PublishTrusted {
    /** For the service loader. */
    public UncertainCountedAsDone() {
      super(
          "uncertain-counted-as-done",
          "a publish of which nobody knows whether it took effect counts as done",
          54,
          true,
          "I4");
    }
  }

  /** A publish that found another word counts as done. */
  public static final class FoundWordIgnored extends PublishTrusted {
    /** For the service loader. */
    public FoundWordIgnored() {
      super(
          "found-word-ignored",
          "a publish that found another word than its own counts as done",
          54,
          false,
          "I4");
    }
  }

  /** A publish raises the version by two. */
  public static final class VersionSkipped extends Planted {
    /** For the service loader. */
    public VersionSkipped() {
      super("version-skipped", "a publish raises the version by two", 3, "I1", "I3");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return new MistakenRemote(remote) {
        @Override
        public void compareAndSwap(long offset, long expected, long desired, long tag) {
          boolean publish = isPublish(expected, desired);
          super.compareAndSwap(offset, expected, publish ? desired + 1 : desired, tag);
        }
      };
    }
  }

  /** A publish raises the version and leaves the old plane current. */
  public static final class OldPlanePublished extends Planted {
    /** For the service loader. */
    public OldPlanePublished() {
      super("old-plane-published", "a publish leaves the old plane current", 3, "I1");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return new MistakenRemote(remote) {
        @Override
        public void compareAndSwap(long offset, long expected, long desired, long tag) {
          boolean publish = isPublish(expected, desired);
          super.compareAndSwap(offset, expected, publish ? LockWord.fence(expected) : desired, tag);
        }
      };
    }
  }

  /** Knows the planes of every stripe. */
  private static class OtherPlane extends Planted {
    private final boolean writes;

    OtherPlane(String name, String mistake, int seeds, boolean writes, String... foundAs) {
      super(name, mistake, seeds, foundAs);
      this.writes = writes;
    }

    @Override
    public Fabric fabric(Fabric fabric) {
      return new MistakenFabric(fabric) {
        @Override
        public Remote connect(RegionDescriptor region, ReplicaLayout layout, int rank, int joined) {
          return shifted(super.connect(region, layout, rank, joined), layout);
        }
      };
    }

    private Remote shifted(Remote remote, ReplicaLayout layout) {
      return new MistakenRemote(remote) {
        private long other(long offset) {
          for (int stripe = 0; stripe < layout.stripes(); stripe++) {
            for (int plane = 0; plane < ReplicaLayout.PLANES; plane++) {
              long start = layout.planeOffset(stripe, plane);
              if (offset >= start && offset < start + layout.stripeLengthBytes(stripe)) {
                int next = (plane + 1) % ReplicaLayout.PLANES;
                return offset - start + layout.planeOffset(stripe, next);
              }
            }
          }
          return offset;
        }

        @Override
        public void read(long offset, MemorySegment into, long at, long length, long tag) {
          super.read(writes ? offset : other(offset), into, at, length, tag);
        }

        @Override
        public void write(long offset, MemorySegment from, long at, long length, long tag) {
          super.write(writes ? other(offset) : offset, from, at, length, tag);
        }
      };
    }
  }

  /** Writes go to the plane after the target. */
  public static final class WrongPlaneWritten extends OtherPlane {
    /** For the service loader. */
    public WrongPlaneWritten() {
      super("wrong-plane-written", "a peer's plane beside the target is written", 6, true, "I2");
    }
  }

  /** Reads come from the plane after the current one. */
  public static final class WrongPlaneRead extends OtherPlane {
    /** For the service loader. */
    public WrongPlaneRead() {
      super(
          "wrong-plane-read",
          "an average is made with a plane of the peer that is not its current one",
          6,
          false,
          "P3",
          "P7",
          "I5/I7");
    }
  }

  /** What is known to have failed is waited for all the same. */
  public static final class FailureAwaited extends Planted {
    /** For the service loader. */
    public FailureAwaited() {
      super(
          "failure-awaited",
          "an operation that failed is waited for as if it were under way",
          12,
          "I6",
          "I8");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return own
          ? remote
          : new MistakenRemote(remote) {
            @Override
            void deliver(CompletionHandler handler, long tag, boolean succeeded, long value) {
              if (succeeded) {
                super.deliver(handler, tag, true, value);
              }
            }
          };
    }
  }
}
