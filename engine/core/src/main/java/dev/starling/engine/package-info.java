/**
 * Starling: asynchronous decentralised parallel SGD (AD-PSGD, Lian et al., ICML 2018) inside your
 * JVM.
 *
 * <p>Start at {@link dev.starling.engine.worker}: a {@link dev.starling.engine.worker.LocalJob}
 * runs several workers in this process. The packages below it, from the bottom up:
 *
 * <pre>
 *   memory     regions and arenas                kernel     vector maths, bits specified
 *   replica    lock word, planes, pins           fabric     one-sided access to peers
 *   log        what a journal is told            metrics    counters in the mapped file
 *   topology   graphs and mixing                 optimizer  updates and learning rates
 *   exchange   the pairing state machine         worker     the public API
 *   sim        the same, deterministic
 * </pre>
 *
 * <p>A whole training program, compiled and run by the build:
 *
 * {@snippet file="dev/starling/example/LinearRegression.java" region="embedding"}
 */
package dev.starling.engine;
