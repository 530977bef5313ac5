package dev.starling.engine.sim;

import java.util.List;

/**
 * How a simulation ended.
 *
 * @param seed its seed
 * @param violations what was violated, each beginning with the invariant's name; empty when all
 *     held
 * @param traceHash equal for equal runs
 * @param moves how many moves were drawn
 * @param exchanges exchanges published on both sides
 * @param steps updates published alone
 * @param torn exchanges counted as torn
 * @param fences locks broken
 * @param outdated of these, locks of an epoch that was not the newest
 * @param returns how many times a dead worker joined again
 * @param quarantines planes quarantined
 * @param retargets targets changed under the lock
 * @param merged gradients added to a waiting one
 * @param refused gradients refused
 */
public record SimReport(
    long seed,
    List<String> violations,
    long traceHash,
    long moves,
    long exchanges,
    long steps,
    long torn,
    long fences,
    long outdated,
    long returns,
    long quarantines,
    long retargets,
    long merged,
    long refused) {}
