package dev.starling.bench.perf;

import dev.starling.cli.Terminal;
import dev.starling.engine.rendezvous.LaunchEnvironment;
import dev.starling.engine.replica.ReplicaLayout;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** A command that measures between two ends. */
@Command
abstract class EndsCommand extends MeasureCommand {
  /** Ranks of every layout. */
  static final int WORKERS = 2;

  @Mixin private EndOptions where = new EndOptions();

  private final String operation;
  private final VerbsOpener verbs;

  EndsCommand(Terminal terminal, String operation, VerbsOpener verbs) {
    super(terminal, operation);
    this.operation = operation;
    this.verbs = verbs;
  }

  /**
   * Lays out both replicas.
   *
   * @param sizes the sizes
   * @param depth how many operations there are at a time
   * @return the layout, for two workers
   */
  abstract ReplicaLayout layout(long[] sizes, int depth);

  /**
   * Prepares what is measured on both ends.
   *
   * @param ends both ends, owned by the caller
   * @param sizes the sizes
   * @return makes the operations
   */
  abstract Operations prepare(Ends ends, long[] sizes);

  /** Makes the operation of each size. */
  @FunctionalInterface
  interface Operations {
    /**
     * Makes one.
     *
     * @param index which size
     * @return the operation
     */
    Operation of(int index);
  }

  @Override
  final Subject open(long[] sizes, int depth) throws IOException {
    where.check();
    Optional<LaunchEnvironment> place = where.place();
    ReplicaLayout layout = layout(sizes, depth);
    String shape = "perf " + operation + " sizes=" + Arrays.toString(sizes) + " depth=" + depth;
    Consumer<String> tell = this::tell;
    if (place.isPresent() && place.get().rank() != 0) {
      Ends.servePassively(layout, where, place.get(), verbs, shape, tell);
      tell("rank 1 was the passive end of perf " + operation + ", rank 0 has the results");
      return null;
    }
    return subject(open(layout, place, shape, tell), sizes);
  }

  private Ends open(
      ReplicaLayout layout, Optional<LaunchEnvironment> place, String shape, Consumer<String> tell)
      throws IOException {
    if (place.isPresent()) {
      return Ends.ranks(layout, where, place.get(), verbs, shape, tell);
    }
    if (where.isVerbs()) {
      return Ends.loopback(layout, verbs, where.fabricOptions(), tell);
    }
    return where.processes() ? Ends.processes(layout) : Ends.shared(layout);
  }

  private void tell(String sentence) {
    terminal().err().println(sentence);
  }

  private Subject subject(Ends ends, long[] sizes) {
    try {
      return new Between(ends, prepare(ends, sizes));
    } catch (Throwable failure) {
      try {
        ends.close();
      } catch (RuntimeException second) {
        failure.addSuppressed(second);
      }
      throw failure;
    }
  }

  private record Between(Ends both, Operations operations) implements Subject {
    @Override
    public String ends() {
      return both.describe();
    }

    @Override
    public String fabric() {
      return both.fabric();
    }

    @Override
    public Operation operation(int index) {
      return operations.of(index);
    }

    @Override
    public void close() {
      both.close();
    }
  }
}
