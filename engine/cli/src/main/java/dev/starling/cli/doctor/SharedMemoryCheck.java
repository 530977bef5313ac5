package dev.starling.cli.doctor;

import dev.starling.engine.health.Finding;
import dev.starling.engine.health.HealthCheck;
import dev.starling.engine.health.Sizes;
import dev.starling.engine.health.SystemFiles;
import dev.starling.engine.health.Workload;
import dev.starling.engine.replica.ReplicaLayout;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where replicas lie: /dev/shm, and the pages that it is made of. */
final class SharedMemoryCheck implements HealthCheck {
  private static final String SHM = "/dev/shm";
  private static final Pattern CHOSEN = Pattern.compile("\\[(.*)]");
  private static final Pattern HUGE = Pattern.compile("(^|,)huge=([a-z_]+)");

  private final SystemFiles files;
  private final FreeSpace space;

  /** How much room a directory has. */
  @FunctionalInterface
  interface FreeSpace {
    /** Of a file system. */
    record Bytes(long total, long usable) {}

    Bytes of(Path directory) throws IOException;
  }

  SharedMemoryCheck(SystemFiles files) {
    this(files, SharedMemoryCheck::ofFileStore);
  }

  SharedMemoryCheck(SystemFiles files, FreeSpace space) {
    this.files = files;
    this.space = space;
  }

  private static FreeSpace.Bytes ofFileStore(Path directory) throws IOException {
    FileStore store = Files.getFileStore(directory);
    return new FreeSpace.Bytes(store.getTotalSpace(), store.getUsableSpace());
  }

  @Override
  public String area() {
    return "memory";
  }

  @Override
  public List<Finding> examine(Workload workload) {
    return List.of(room(workload), hugePages(), reserved());
  }

  private Finding room(Workload workload) {
    Path shm = files.dev("shm");
    if (!Files.isDirectory(shm) || !Files.isWritable(shm)) {
      return Finding.problem(
          SHM,
          Files.isDirectory(shm) ? "this user may not write to it" : "does not exist",
          "mount a tmpfs there with mode 1777 (mount -t tmpfs -o mode=1777 tmpfs /dev/shm)");
    }
    FreeSpace.Bytes bytes;
    try {
      bytes = space.of(shm);
    } catch (IOException failure) {
      return Finding.problem(
          SHM,
          "its size cannot be read (" + failure.getMessage() + ")",
          "check that it is mounted");
    }
    long need = workload.sharedBytes();
    long fits = bytes.usable() / workload.workers() / ReplicaLayout.PLANES / Float.BYTES;
    String what =
        "%s free of %s: room for %d workers with %,d parameters each"
            .formatted(
                Sizes.text(bytes.usable()), Sizes.text(bytes.total()), workload.workers(), fits);
    return bytes.usable() >= need
        ? Finding.ok(SHM, what)
        : Finding.problem(
            SHM,
            "%s; %s need %s".formatted(what, workload, Sizes.text(need)),
            "remount it larger (mount -o remount,size=... /dev/shm; docker run --shm-size=...),"
                + " remove what is left over there, or name another tmpfs with --directory");
  }

  /** A mount has a policy of its own; the setting of the system only overrules it. */
  private Finding hugePages() {
    String system = SystemFiles.text(files.sys("kernel/mm/transparent_hugepage/shmem_enabled"));
    Matcher chosen = CHOSEN.matcher(system);
    String setting = chosen.find() ? chosen.group(1) : "never";
    String policy =
        switch (setting) {
          case "deny" -> "never (the system denies them)";
          case "force" -> "always (the system forces them)";
          default -> mountPolicy();
        };
    String what = "%s on this mount; shmem_enabled is %s".formatted(policy, setting);
    if (!policy.startsWith("never")) {
      return Finding.ok("huge pages", what);
    }
    return Finding.note(
        "huge pages",
        what + ": replicas lie on pages of 4 KiB, which are slower to map and to register",
        setting.equals("deny")
            ? "write advise to /sys/kernel/mm/transparent_hugepage/shmem_enabled, then mount -o"
                + " remount,huge=advise /dev/shm"
            : "mount -o remount,huge=advise /dev/shm");
  }

  private String mountPolicy() {
    Optional<String> options =
        SystemFiles.text(files.proc("self/mounts"))
            .lines()
            .map(line -> line.split(" "))
            .filter(columns -> columns.length > 3 && columns[1].equals(SHM))
            .map(columns -> columns[3])
            .reduce((first, second) -> second);
    Matcher huge = HUGE.matcher(options.orElse(""));
    return huge.find() ? huge.group(2) : "never";
  }

  private Finding reserved() {
    long pages = 0;
    for (Path size : SystemFiles.entries(files.sys("kernel/mm/hugepages"))) {
      long kib = Long.parseLong("0" + size.getFileName().toString().replaceAll("[^0-9]", ""));
      pages += (long) SystemFiles.number(size.resolve("free_hugepages"), 0) * kib << 10;
    }
    return pages == 0
        ? Finding.ok("hugetlb", "no free pages are set aside (replicas use none)")
        : Finding.note(
            "hugetlb",
            Sizes.text(pages) + " are set aside in huge pages that replicas do not use",
            "lower vm.nr_hugepages if no other program needs them");
  }
}
