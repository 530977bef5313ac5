package dev.starling.engine.memory;

import dev.starling.engine.StarlingException;

/** A process that locks 1 MiB and prints what the engine says about it. */
public final class LockMain {
  private LockMain() {}

  /** Locks, and prints the failure if there is one. */
  public static void main(String[] arguments) {
    try (PrivateMemory memory = PrivateMemory.allocate("child", 1 << 20)) {
      Mappings.lock("the child's memory", memory.segment());
      System.out.println("locked");
    } catch (StarlingException failure) {
      System.out.println(failure.getMessage());
    }
  }
}
