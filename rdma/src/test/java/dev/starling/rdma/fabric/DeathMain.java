package dev.starling.rdma.fabric;

import dev.starling.engine.log.Journal;
import dev.starling.engine.replica.LockWord;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A rank in a process of its own, which trains until its input ends and stops where it is told.
 *
 * <pre>
 *   in:   stop POINT   the agent is to stop there the next time
 *         go           it goes on, but connects to nobody yet
 *         connect      it may connect
 *   out:  READY incarnation | AT POINT lock word | TOLD sentence
 * </pre>
 */
public final class DeathMain implements WatchedFabric.Watch {
  /** Where an agent can be stopped, or made slow. */
  enum Point {
    /** It has just locked the home's stripe. */
    LOCKED,
    /** It is about to write the home's plane. */
    WRITES,
    /** It writes the home's plane, slowly; it does not stop. */
    WRITING
  }

  private static final long STOP_LIMIT_S = 600;

  private final Semaphore go = new Semaphore(0);
  private volatile Point point;
  private volatile boolean holdsConnections;
  private volatile boolean ended;

  private DeathMain() {}

  /** Runs the rank that the arguments describe. */
  public static void main(String[] arguments) {
    new DeathMain().run(DeathRank.Settings.parse(arguments));
  }

  private void run(DeathRank.Settings settings) {
    Thread reader = new Thread(this::obey, "commands");
    reader.setDaemon(true);
    reader.start();
    try (DeathRank rank =
        new DeathRank(settings, this, Journal.NONE, sentence -> say("TOLD " + sentence))) {
      say("READY " + rank.incarnation());
      while (!ended) {
        rank.step();
      }
      rank.finish();
    }
  }

  private static synchronized void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private void obey() {
    try (BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.startsWith("stop ")) {
          point = Point.valueOf(line.substring(5));
        } else if (line.equals("go")) {
          go.release();
        } else if (line.equals("connect")) {
          holdsConnections = false;
        } else {
          throw new IllegalArgumentException("unknown command: " + line);
        }
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } finally {
      ended = true;
      go.release();
    }
  }

  private void reach(Point reached, long word) {
    if (point != reached) {
      return;
    }
    point = null;
    say("AT " + reached + " " + word);
    if (reached == Point.WRITING) {
      return;
    }
    holdsConnections = true;
    try {
      if (!go.tryAcquire(STOP_LIMIT_S, TimeUnit.SECONDS)) {
        throw new IllegalStateException("stopped for too long at " + LockWord.describe(word));
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void locked(long word) {
    reach(Point.LOCKED, word);
  }

  @Override
  public void writes(long word) {
    reach(Point.WRITES, word);
  }

  @Override
  public boolean isSlow() {
    return point == Point.WRITING;
  }

  @Override
  public void writing(long word) {
    reach(Point.WRITING, word);
  }

  @Override
  public boolean holdsConnections() {
    return holdsConnections;
  }
}
