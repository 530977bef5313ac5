package dev.starling.bench;

import dev.starling.engine.memory.SharedFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Hands out memory of a shared mapping that has its space in the file system but was never touched:
 * what a log writes into. Belongs to one thread; has one file at a time.
 */
final class FreshMapping implements AutoCloseable {
  private final Path path;
  private final long fileBytes;
  private SharedFile file;
  private long offset;

  FreshMapping(Path path, long fileBytes) {
    this.path = path;
    this.fileBytes = fileBytes;
    file = SharedFile.create(path, fileBytes, fileBytes);
  }

  /** Sees to it that the next bytes of this length are untouched; not to be measured. */
  void prepare(long lengthBytes) {
    if (offset + lengthBytes > fileBytes) {
      file.close();
      file = SharedFile.create(path, fileBytes, fileBytes);
      offset = 0;
    }
  }

  /** Copies into untouched memory. */
  void copy(MemorySegment source, long lengthBytes) {
    MemorySegment.copy(source, 0, file.segment(), offset, lengthBytes);
    offset += lengthBytes;
  }

  @Override
  public void close() {
    file.close();
  }
}
