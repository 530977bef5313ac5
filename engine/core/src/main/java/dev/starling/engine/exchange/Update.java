package dev.starling.engine.exchange;

import java.lang.foreign.MemorySegment;

/**
 * An optimizer's update {@code u} of the whole model: the combine computes {@code x * keep -
 * learningRate * u}. Mutable and reused; belongs to the communication agent. Neither the buffer nor
 * the factors change while an exchange uses them.
 */
public final class Update {
  private MemorySegment values;
  private float learningRate;
  private float keep;

  /** Creates an update; {@link #set} gives it its content. */
  public Update() {}

  /**
   * Replaces the content.
   *
   * @param newValues {@code u} of all parameters, float32
   * @param newLearningRate the factor of {@code u}
   * @param newKeep the factor of the parameters, 1 without decoupled decay
   */
  public void set(MemorySegment newValues, float newLearningRate, float newKeep) {
    values = newValues;
    learningRate = newLearningRate;
    keep = newKeep;
  }

  /**
   * Returns {@code u}.
   *
   * @return all parameters, float32
   */
  public MemorySegment values() {
    return values;
  }

  /**
   * Returns the factor of {@code u}.
   *
   * @return the learning rate
   */
  public float learningRate() {
    return learningRate;
  }

  /**
   * Returns the factor of the parameters.
   *
   * @return 1 without decoupled decay
   */
  public float keep() {
    return keep;
  }
}
