package dev.starling.engine.fabric;

/** Receives the completions of a {@link Remote}, on the thread that polls it. */
@FunctionalInterface
public interface CompletionHandler {
  /**
   * One operation is over.
   *
   * @param tag the tag that it was posted with
   * @param succeeded whether it took effect for certain; when false it may or may not have
   * @param value the word that {@code readWord} read, or what {@code compareAndSwap} found;
   *     otherwise 0
   */
  void onCompletion(long tag, boolean succeeded, long value);
}
