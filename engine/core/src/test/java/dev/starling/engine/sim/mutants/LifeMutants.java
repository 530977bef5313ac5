package dev.starling.engine.sim.mutants;

import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Mistakes in what is opened and closed: pins, connections, registrations. */
public final class LifeMutants {
  private LifeMutants() {}

  /** A pin is stored and not checked again: the plane may have been chosen by a writer before. */
  public static final class PinWithoutRecheck extends Planted {
    /** For the service loader. */
    public PinWithoutRecheck() {
      super(
          "pin-without-recheck",
          "a pin is stored without a second look at the lock word",
          12,
          "I2",
          "P3");
    }

    @Override
    public int pin(Replica replica, int stripe, int plane, Runnable others) {
      replica.unpin(stripe);
      int current = LockWord.current(replica.lockWord(stripe));
      others.run();
      long line = replica.layout().lineOffset(stripe);
      replica.segment().set(ValueLayout.JAVA_INT, line + ControlLine.PIN_OFFSET, current + 1);
      return current;
    }
  }

  /** A snapshot is used after its pins were cleared. */
  public static final class UnpinnedEarly extends Planted {
    /** For the service loader. */
    public UnpinnedEarly() {
      super("unpinned-early", "a snapshot is read after it was unpinned", 6, "I2");
    }

    @Override
    public int pin(Replica replica, int stripe, int plane, Runnable others) {
      replica.unpin(stripe);
      return plane;
    }
  }

  /** Connections are not closed. */
  public static final class ConnectionLeftOpen extends Planted {
    /** For the service loader. */
    public ConnectionLeftOpen() {
      super("connection-left-open", "a worker that ends does not close its connections", 3, "P6");
    }

    @Override
    public Remote remote(Remote remote, boolean own) {
      return own
          ? remote
          : new MistakenRemote(remote) {
            @Override
            public void close() {}
          };
    }
  }

  /** Memory stays known to the fabric. */
  public static final class RegistrationLeft extends Planted {
    /** For the service loader. */
    public RegistrationLeft() {
      super("registration-left", "memory that is given back stays registered", 6, "P6");
    }

    @Override
    public Fabric fabric(Fabric fabric) {
      return new MistakenFabric(fabric) {
        @Override
        public Registration register(String what, MemorySegment memory) {
          super.register(what, memory);
          return () -> {};
        }
      };
    }
  }
}
