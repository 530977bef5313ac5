package dev.starling.cli.chaos;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cli.chaos.Fault.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Carries out a plan of faults on one run; several may last at the same time. A fault whose victim
 * is just being started waits for it. Belongs to the test's thread.
 */
final class FaultInjector implements AutoCloseable {
  private static final long TICK_NS = TimeUnit.MILLISECONDS.toNanos(2);
  private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(90);
  private static final String REFUSED = "ENOSPC";

  /** Something to be tried from a moment on, again and again until it could be done. */
  private record Action(String name, long atNs, Attempt attempt) {}

  private interface Attempt {
    boolean done() throws Exception;
  }

  private final ChaosRun run;
  private final LimitedFileSystem memory;
  private final ChaosReport report;
  private final List<Action> actions = new ArrayList<>();
  private final List<Action> later = new ArrayList<>();
  private final long[] pausedPid;
  private BusyProcesses busy;
  private boolean supervisorPaused;

  /**
   * Creates an injector.
   *
   * @param run what is disturbed, and is training
   * @param memory where its regions lie, null when it cannot be filled
   * @param report takes what was done
   */
  FaultInjector(ChaosRun run, LimitedFileSystem memory, ChaosReport report) {
    this.run = run;
    this.memory = memory;
    this.report = report;
    pausedPid = new long[run.watch().board().workers()];
  }

  /** Carries out all faults, and returns when the last one is over. */
  void inject(List<Fault> faults) throws Exception {
    long beginNs = System.nanoTime();
    for (Fault fault : faults) {
      at(beginNs + TimeUnit.MILLISECONDS.toNanos(fault.atMs()), fault.toString(), begin(fault));
    }
    actions.addAll(later);
    later.clear();
    while (!actions.isEmpty()) {
      run.requireHealthy();
      long nowNs = System.nanoTime();
      for (Action action : List.copyOf(actions)) {
        if (nowNs - action.atNs >= 0) {
          if (action.attempt.done()) {
            actions.remove(action);
          } else {
            assertTrue(
                nowNs - action.atNs < PATIENCE_NS,
                () -> "a hang: " + action.name + " was not possible\n" + run.told());
          }
        }
      }
      actions.addAll(later);
      later.clear();
      if (memory != null && memory.isFull()) {
        // What the dead give back is taken before their successors get it.
        memory.fill();
      }
      LockSupport.parkNanos(TICK_NS);
    }
  }

  private void at(long atNs, String name, Attempt attempt) {
    later.add(new Action(name, atNs, attempt));
  }

  private void afterMs(long delayMs, String name, Attempt attempt) {
    at(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(delayMs), name, attempt);
  }

  private Attempt begin(Fault fault) {
    return switch (fault.kind()) {
      case KILL -> () -> kill(fault.rank()) && counted(fault.kind());
      case KILL_STARTING -> () -> killStarting(fault);
      case KILL_ALL -> () -> killAll() && counted(fault.kind());
      case PAUSE_SHORT, PAUSE_LONG -> () -> pause(fault);
      case PAUSE_SUPERVISOR -> () -> pauseSupervisor(fault);
      case FULL_MEMORY -> () -> fillMemory(fault);
      case STARVE -> () -> starve(fault);
      case KILL_SUPERVISOR, FULL_DISK ->
          throw new IllegalArgumentException(fault + " ends a run: it is no part of a plan");
    };
  }

  private boolean counted(Kind kind) {
    report.add(kind, 1);
    return true;
  }

  private boolean kill(int rank) {
    Optional<WorkerProcesses.Worker> victim = run.workers().newest(rank);
    victim.ifPresent(this::kill);
    return victim.isPresent();
  }

  private void kill(WorkerProcesses.Worker victim) {
    // First, so that the watch does not wait for the dead.
    run.watch().killed(victim.rank(), victim.incarnation());
    pausedPid[victim.rank()] = 0;
    victim.handle().destroyForcibly();
    report.add("processes killed", 1);
  }

  private boolean killAll() {
    List<WorkerProcesses.Worker> all = run.workers().list();
    if (all.size() < pausedPid.length) {
      return false;
    }
    all.forEach(this::kill);
    return true;
  }

  private boolean killStarting(Fault fault) {
    int rank = fault.rank();
    Optional<WorkerProcesses.Worker> victim = run.workers().newest(rank);
    victim.ifPresent(
        first -> {
          kill(first);
          afterMs(0, fault + ", its successor", () -> killSuccessor(fault, first.incarnation()));
        });
    return victim.isPresent();
  }

  private boolean killSuccessor(Fault fault, int predecessor) {
    Optional<WorkerProcesses.Worker> successor = run.workers().newest(fault.rank());
    if (successor.isEmpty() || successor.get().incarnation() <= predecessor) {
      return false;
    }
    afterMs(
        fault.lengthMs(), fault + ", the kill", () -> kill(fault.rank()) && counted(fault.kind()));
    return true;
  }

  private boolean pause(Fault fault) throws Exception {
    int rank = fault.rank();
    Optional<WorkerProcesses.Worker> victim = run.workers().newest(rank);
    if (victim.isEmpty() || pausedPid[rank] != 0) {
      return false;
    }
    long pid = victim.get().handle().pid();
    run.watch().excuse(rank, true);
    pausedPid[rank] = pid;
    WorkerProcesses.signal("STOP", pid);
    counted(fault.kind());
    afterMs(fault.lengthMs(), fault + ", its end", () -> goOn(rank, pid));
    return true;
  }

  private boolean goOn(int rank, long pid) throws Exception {
    // Unless it was killed meanwhile.
    if (pausedPid[rank] == pid) {
      WorkerProcesses.signal("CONT", pid);
      pausedPid[rank] = 0;
      run.watch().excuse(rank, false);
    }
    return true;
  }

  private boolean pauseSupervisor(Fault fault) throws Exception {
    supervisorPaused = true;
    run.watch().excuseJoins(true);
    WorkerProcesses.signal("STOP", run.process().pid());
    counted(fault.kind());
    afterMs(fault.lengthMs(), fault + ", its end", this::supervisorGoesOn);
    return true;
  }

  private boolean supervisorGoesOn() throws Exception {
    WorkerProcesses.signal("CONT", run.process().pid());
    supervisorPaused = false;
    run.watch().excuseJoins(false);
    return true;
  }

  private boolean fillMemory(Fault fault) throws Exception {
    run.watch().excuseJoins(true);
    memory.fill();
    long before = refusals();
    counted(fault.kind());
    afterMs(0, fault + ", the kill", () -> kill(fault.rank()));
    afterMs(fault.lengthMs(), fault + ", a start that is refused", () -> freeMemory(before));
    return true;
  }

  private boolean freeMemory(long refusedBefore) throws Exception {
    long refused = refusals() - refusedBefore;
    if (refused == 0) {
      return false;
    }
    memory.free();
    run.watch().excuseJoins(false);
    report.add("starts refused by full shared memory", refused);
    return true;
  }

  private long refusals() {
    return run.told().lines().filter(line -> line.contains(REFUSED) && isLoss(line)).count();
  }

  private static boolean isLoss(String line) {
    return line.contains(" was lost after ");
  }

  private boolean starve(Fault fault) throws Exception {
    if (busy != null) {
      return false;
    }
    busy = new BusyProcesses();
    run.watch().busy(BusyProcesses.PER_PROCESSOR * Runtime.getRuntime().availableProcessors());
    counted(fault.kind());
    afterMs(
        fault.lengthMs(),
        fault + ", its end",
        () -> {
          endStarvation();
          run.watch().busy(0);
          return true;
        });
    return true;
  }

  private void endStarvation() {
    if (busy != null) {
      busy.close();
      busy = null;
    }
  }

  /** Ends what a failure left going on. */
  @Override
  public void close() throws IOException {
    endStarvation();
    if (supervisorPaused) {
      WorkerProcesses.signal("CONT", run.process().pid());
    }
    for (long pid : Arrays.stream(pausedPid).filter(pid -> pid != 0).toArray()) {
      WorkerProcesses.signal("CONT", pid);
    }
    if (memory != null) {
      memory.free();
    }
  }
}
