package dev.starling.chronicle;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.log.Journal;
import dev.starling.engine.log.RunText;
import dev.starling.engine.log.UpdateLog;
import dev.starling.engine.worker.JobContext;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Records the workers of this process in a run directory, each in {@code log/RANK.INCARNATION}. The
 * workers own the logs. May be used from any thread.
 */
public final class RunRecorder {
  /** The directory of the logs in a run directory. */
  public static final String LOG = "log";

  private final Path directory;
  private final Supplier<ChronicleLogContext> settings;
  private final UpdateLog.OnFailure onFailure;
  private final Map<String, String> details;
  private final Consumer<String> onLost;
  private final List<UpdateLog> logs = new CopyOnWriteArrayList<>();

  /**
   * Creates a recorder.
   *
   * @param runDirectory where the run's files lie
   * @param settings makes the settings of each log, not concluded
   * @param onFailure what happens when a record cannot be written
   * @param details what the logs' RUN records say besides what replay needs
   * @param onLost is told, from an agent, when a log goes on no longer
   */
  public RunRecorder(
      Path runDirectory,
      Supplier<ChronicleLogContext> settings,
      UpdateLog.OnFailure onFailure,
      Map<String, String> details,
      Consumer<String> onLost) {
    this.directory = runDirectory.resolve(LOG);
    this.settings = settings;
    this.onFailure = onFailure;
    this.details = Map.copyOf(details);
    this.onLost = onLost;
  }

  /**
   * Lets a job's workers be recorded.
   *
   * @param context the job's options, not concluded
   * @return the context
   */
  public JobContext record(JobContext context) {
    return context.journal((rank, incarnation) -> open(context, rank, incarnation));
  }

  private Journal open(JobContext context, int rank, int incarnation) {
    RunText text = context.runText(rank, incarnation);
    details.forEach(text::put);
    ChronicleLog sink;
    try {
      sink = ChronicleLog.create(directory.resolve(rank + "." + incarnation), settings.get());
    } catch (StarlingException failure) {
      // Who comes back on a full disk is treated as who finds it full on the way.
      if (onFailure == UpdateLog.OnFailure.STOP || failure instanceof ConfigurationException) {
        throw failure;
      }
      onLost.accept(
          "rank " + rank + ": " + failure.getMessage() + "; training goes on without the log");
      return Journal.NONE;
    }
    try {
      UpdateLog log =
          new UpdateLog(
              sink,
              text.toString(),
              context.layout().stripes(),
              onFailure,
              lost -> onLost.accept("rank " + rank + ": " + lost));
      logs.add(log);
      return log;
    } catch (Throwable failure) {
      sink.close();
      throw failure;
    }
  }

  /**
   * Removes the segments that replay from a checkpoint set does not need.
   *
   * @param set the set, complete
   * @return the bytes that this gave back
   */
  public long dropBefore(long set) {
    return logs.stream().mapToLong(log -> log.dropBefore(set)).sum();
  }
}
