/**
 * Runs the jcstress tests of the engine's packages from JUnit and reads their results.
 *
 * <p>A stress test lies in the package of what it tests, is called {@code ...Stress} and works on
 * the engine's own classes in mapped memory. Every family has variants called {@code Planted...}
 * with one mistake each: a run must find all of them, or it could not find a mistake of the engine
 * either. What they show holds for the processor they run on: on x86 only a store that is passed by
 * a later load and what the compiler reorders can go wrong beyond plain interleaving.
 *
 * <pre>
 *   mvn verify -pl engine/stress -am                                  a short run, as a part of the build
 *   mvn verify -pl engine/stress -am -Dstarling.stress.seconds=300    a long one
 * </pre>
 *
 * <p>Threads: jcstress forks one JVM per test, with one thread per actor; an arbiter runs after
 * both.
 */
package dev.starling.engine.stress;
