package dev.starling.engine.worker;

import java.util.concurrent.atomic.AtomicInteger;

/** The hand-off of {@link GradientMailbox} with one parameter and a mistake. */
public final class PlantedMailbox {
  /** What is wrong with it. */
  enum Mistake {
    TAKE_BY_STORE,
    ADD_IN_PLACE
  }

  private static final int EMPTY = 0;
  private static final int FULL = 1;
  private static final int TAKEN = 2;

  private final Mistake mistake;
  private final int[] buffers = new int[3];
  private final AtomicInteger mailbox = new AtomicInteger(1 << 2 | EMPTY);
  private int writing;
  private int applying = 2;
  private int sum;

  PlantedMailbox(Mistake mistake) {
    this.mistake = mistake;
  }

  void submitAll(int count) {
    for (int i = 0; i < count; i++) {
      buffers[writing] = 1 << 4 * i;
      submit();
    }
  }

  private void submit() {
    int word = mailbox.get();
    int waiting = word >> 2;
    if ((word & 3) == FULL && mistake == Mistake.ADD_IN_PLACE) {
      buffers[waiting] += buffers[writing];
      return;
    }
    if ((word & 3) == FULL && mailbox.compareAndSet(word, waiting << 2 | TAKEN)) {
      buffers[waiting] += buffers[writing];
      mailbox.set(waiting << 2 | FULL);
      return;
    }
    int spare = mailbox.get() >> 2;
    mailbox.set(writing << 2 | FULL);
    writing = spare;
  }

  int takeAll(int attempts) {
    int taken = 0;
    for (int i = 0; i < attempts; i++) {
      if (take()) {
        sum += buffers[applying];
        taken++;
      }
    }
    return taken;
  }

  private boolean take() {
    int word = mailbox.get();
    if ((word & 3) != FULL) {
      return false;
    }
    int emptied = applying << 2 | EMPTY;
    if (mistake == Mistake.TAKE_BY_STORE) {
      mailbox.set(emptied);
    } else if (!mailbox.compareAndSet(word, emptied)) {
      return false;
    }
    applying = word >> 2;
    return true;
  }

  /** What the agent took, added up. */
  int sum() {
    return sum;
  }
}
