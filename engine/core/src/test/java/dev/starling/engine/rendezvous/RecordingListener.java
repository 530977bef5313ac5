package dev.starling.engine.rendezvous;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Keeps what a link tells, one line each, and waits for lines. */
final class RecordingListener implements ControlLink.Listener {
  private final List<String> lines = new ArrayList<>();

  @Override
  public void onUp(int rank, int incarnation, String address) {
    add("up " + rank + "." + incarnation + " " + address);
  }

  @Override
  public void onPublished(int rank, int incarnation, String info) {
    add("published " + rank + "." + incarnation + " " + info);
  }

  @Override
  public void onLeft(int rank, int incarnation) {
    add("left " + rank + "." + incarnation);
  }

  @Override
  public void onDead(int rank, int incarnation, String sentence) {
    add("dead " + rank + "." + incarnation + " " + sentence);
  }

  @Override
  public void onRefused(String sentence) {
    add("refused " + sentence);
  }

  @Override
  public void onWarning(String sentence) {
    add("warning " + sentence);
  }

  @Override
  public void onSignal(int rank, int incarnation, int kind, long value) {
    add("signal " + rank + "." + incarnation + " " + kind + " " + value);
  }

  synchronized void add(String line) {
    lines.add(line);
    notifyAll();
  }

  synchronized List<String> lines() {
    return List.copyOf(lines);
  }

  synchronized long count(String part) {
    return lines.stream().filter(line -> line.contains(part)).count();
  }

  /** Returns the first line with the text, or fails when none comes within ten seconds. */
  synchronized String await(String part) {
    long deadlineNs = System.nanoTime() + 10_000_000_000L;
    while (true) {
      for (String line : lines) {
        if (line.contains(part)) {
          return line;
        }
      }
      long leftNs = deadlineNs - System.nanoTime();
      if (leftNs <= 0) {
        return fail("no line with \"" + part + "\" came, but " + lines);
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, leftNs);
      } catch (InterruptedException interrupt) {
        Thread.currentThread().interrupt();
        return fail("interrupted");
      }
    }
  }
}
