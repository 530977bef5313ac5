/**
 * Planted mistakes: for the rules of the exchange protocol, what happens when one is left out. The
 * simulator must find each of them; {@code starling sim --mutant NAME} runs one where these classes
 * are on the class path.
 *
 * <p>A mutant has no state: what it must remember lies in what it wraps, so a scenario determines a
 * run with it too. Everything belongs to the thread that simulates.
 */
package dev.starling.engine.sim.mutants;
