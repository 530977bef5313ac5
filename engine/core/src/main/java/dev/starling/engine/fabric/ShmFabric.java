package dev.starling.engine.fabric;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.memory.SharedFile;
import dev.starling.engine.replica.AttachmentTable;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.RegionHeader;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Pattern;

/**
 * Peers on one host, in one process or in several: every region is a file that each peer maps for
 * itself, data moves by load and store, locks by CPU compare-and-swap, liveness is the owner's file
 * lock.
 */
public final class ShmFabric implements Fabric {
  /** The fabric's name. */
  public static final String NAME = "shm";

  /** Where regions lie by default. */
  public static final Path DEFAULT_DIRECTORY = Path.of("/dev/shm");

  private static final String PREFIX = "starling-";
  private static final Pattern OURS = Pattern.compile(PREFIX + "[0-9a-f]+-(?:\\d+\\.\\d+|board)");
  private static final int COMPLETIONS = 64;
  private static final long CREATION_MS = 10_000;

  private final Path directory;

  /**
   * Opens the fabric.
   *
   * @param directory where regions lie; must be a memory file system for speed
   */
  public ShmFabric(Path directory) {
    if (!Files.isDirectory(directory) || !Files.isWritable(directory)) {
      throw new ConfigurationException(
          "the directory for shared memory, "
              + directory
              + ", is missing or not writable: mount a tmpfs there or name another");
    }
    this.directory = directory;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean isAddressable() {
    return true;
  }

  /**
   * Returns where a worker's region lies.
   *
   * @param jobId the job
   * @param rank the worker
   * @param incarnation how many times the rank had joined before; a name is never used twice, so
   *     that whoever removes a dead worker's file cannot remove its successor's
   * @return the file's path
   */
  public Path regionPath(long jobId, int rank, int incarnation) {
    return directory.resolve(PREFIX + Long.toHexString(jobId) + "-" + rank + "." + incarnation);
  }

  @Override
  public RegionDescriptor describe(long jobId, int rank, int incarnation) {
    return new RegionDescriptor(
        NAME, rank, incarnation, jobId, regionPath(jobId, rank, incarnation).toString());
  }

  /**
   * Returns where the board of a job lies.
   *
   * @param jobId the job
   * @return the file's path
   */
  public Path boardPath(long jobId) {
    return directory.resolve(PREFIX + Long.toHexString(jobId) + "-board");
  }

  @Override
  public RegionDescriptor expose(Replica replica) {
    return describe(replica.jobId(), replica.rank(), replica.incarnation());
  }

  @Override
  public Remote connect(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation) {
    SharedFile file = SharedFile.open(Path.of(descriptor.address()));
    try {
      RegionHeader.requireMatch(
          descriptor.address(), file.segment(), layout, descriptor.jobId(), descriptor.rank());
      int epoch = AttachmentTable.issueEpoch(file.segment(), localRank, localIncarnation);
      return new ShmRemote(file, descriptor, localRank, epoch);
    } catch (Throwable failure) {
      file.close();
      throw failure;
    }
  }

  @Override
  public boolean isDead(RegionDescriptor descriptor) {
    return !SharedFile.isOwned(Path.of(descriptor.address()));
  }

  /** Poisons the header first: whoever still has the file mapped sees that its owner is gone. */
  @Override
  public void removeDead(RegionDescriptor descriptor) {
    Path path = Path.of(descriptor.address());
    if (!Files.exists(path) || SharedFile.isOwned(path)) {
      return;
    }
    try {
      // Killed before the header was written: nobody uses it, and it may have no memory to write
      // to.
      if (hasHeader(path)) {
        try (SharedFile file = SharedFile.open(path)) {
          RegionHeader.poison(file.segment());
        }
      }
      Files.deleteIfExists(path);
    } catch (NoSuchFileException removed) {
      // Another peer was faster.
      return;
    } catch (IOException failure) {
      throw notRemoved(path, failure);
    } catch (StarlingException failure) {
      // Another peer was faster.
      if (Files.exists(path)) {
        throw failure;
      }
    }
  }

  /** Read, not mapped: touching a page that has no memory yet faults where none is left. */
  private static boolean hasHeader(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer magic = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
      return channel.read(magic, 0) == Long.BYTES && magic.getLong(0) == RegionHeader.MAGIC;
    }
  }

  private static StarlingException notRemoved(Path path, IOException failure) {
    return new StarlingException(
        "removing "
            + path
            + " of a dead worker failed ("
            + failure.getMessage()
            + "): remove it by hand",
        failure);
  }

  /**
   * Removes the regions whose owner is dead, as a kill leaves them behind.
   *
   * @return how many files were removed
   */
  public int removeDeadRegions() {
    int removed = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, PREFIX + "*")) {
      for (Path file : files) {
        // Whatever else people keep there under such a name is theirs, a run's directory for
        // instance.
        if (OURS.matcher(file.getFileName().toString()).matches()
            && Files.isRegularFile(file)
            && Files.isReadable(file)
            && !isBeingCreated(file)
            && !SharedFile.isOwned(file)
            && Files.deleteIfExists(file)) {
          removed++;
        }
      }
    } catch (IOException failure) {
      throw new StarlingException(
          "removing regions of dead workers from "
              + directory
              + " failed ("
              + failure.getMessage()
              + "): remove "
              + PREFIX
              + "* by hand",
          failure);
    }
    return removed;
  }

  /**
   * A creator that has not locked its file yet must not lose it: the file is still empty and young.
   */
  private static boolean isBeingCreated(Path file) throws IOException {
    long ageMs = System.currentTimeMillis() - Files.getLastModifiedTime(file).toMillis();
    return ageMs < CREATION_MS && Files.size(file) == 0;
  }

  @Override
  public void close() {}

  private static final class ShmRemote implements Remote {
    private final SharedFile file;
    private final MemorySegment region;
    private final int rank;
    private final int localRank;
    private final int incarnation;
    private final int epoch;
    private final CompletionRing completions = new CompletionRing(COMPLETIONS);

    ShmRemote(SharedFile file, RegionDescriptor home, int localRank, int epoch) {
      this.file = file;
      this.region = file.segment();
      this.rank = home.rank();
      this.incarnation = home.incarnation();
      this.localRank = localRank;
      this.epoch = epoch;
    }

    @Override
    public int rank() {
      return rank;
    }

    @Override
    public int epoch() {
      return epoch;
    }

    @Override
    public int incarnation() {
      return incarnation;
    }

    @Override
    public PeerState state() {
      return switch (RegionHeader.state(region)) {
        case RegionHeader.STATE_CLOSED -> PeerState.CLOSED;
        case RegionHeader.STATE_POISONED -> PeerState.DEAD;
        default -> file.isOwnerAlive() ? PeerState.ALIVE : PeerState.DEAD;
      };
    }

    @Override
    public MemorySegment direct() {
      return region;
    }

    @Override
    public void readWord(long offsetBytes, long tag) {
      completions.add(tag, true, ControlLine.readWord(region, offsetBytes));
    }

    @Override
    public void read(
        long offsetBytes, MemorySegment into, long intoOffset, long lengthBytes, long tag) {
      MemorySegment.copy(region, offsetBytes, into, intoOffset, lengthBytes);
      completions.add(tag, true, 0);
    }

    @Override
    public void write(
        long offsetBytes, MemorySegment from, long fromOffset, long lengthBytes, long tag) {
      MemorySegment.copy(from, fromOffset, region, offsetBytes, lengthBytes);
      completions.add(tag, true, 0);
    }

    @Override
    public void compareAndSwap(long offsetBytes, long expected, long desired, long tag) {
      completions.add(
          tag, true, ControlLine.compareAndSwap(region, offsetBytes, expected, desired));
    }

    @Override
    public int poll(CompletionHandler handler) {
      return completions.poll(handler);
    }

    @Override
    public void settle() {
      long fences = AttachmentTable.fences(region, localRank);
      if (fences != AttachmentTable.acknowledged(region, localRank)) {
        AttachmentTable.acknowledge(region, localRank, fences);
      }
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
