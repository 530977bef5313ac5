package dev.starling.engine.checkpoint;

import java.lang.foreign.MemorySegment;

/**
 * One of the vectors that an optimizer remembers.
 *
 * @param name what it is, for instance {@code momentum}; unique in the optimizer
 * @param segment float32, off the heap, one value for each parameter of the model
 */
public record StateVector(String name, MemorySegment segment) {}
