package dev.starling.engine.memory;

import java.nio.file.Path;

/** A process that owns a region until it is killed. */
public final class OwnerMain {
  private OwnerMain() {}

  /**
   * Creates the file named by the first argument, prints one character, waits for the end of its
   * input.
   */
  public static void main(String[] arguments) throws Exception {
    try (SharedFile file = SharedFile.create(Path.of(arguments[0]), 4096, 4096)) {
      System.out.print(file.segment().byteSize() == 4096 ? '!' : '?');
      System.out.flush();
      while (System.in.read() >= 0) {
        continue;
      }
    }
  }
}
