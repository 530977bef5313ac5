/**
 * Rebuilds replicas, bit for bit, from checkpoints and update logs, and proves that they are the
 * ones that were saved.
 *
 * <p>A chain is one incarnation of a rank. Each stripe of each chain goes from version to version;
 * what makes a version stands in some log:
 *
 * <pre>
 *   log of rank 0:  GRADIENT 1  INTENT v1 with rank 1 v1  COMMIT   GRADIENT 2  STEP v3
 *                       |            |                                  |        |
 *   chain 0:        v0 -+------------*--- v1 ------------ v2 -----------+------- v3
 *                                    |                    |
 *   chain 1:        v0 --------------*--- v1 -------------*--- v2            (the exchange of rank 1's GRADIENT 1)
 *   log of rank 1:                        GRADIENT 1  INTENT v2 with rank 0 v2  COMMIT
 * </pre>
 *
 * <p>Replay reads all logs side by side and applies an event when every stripe that it names has
 * the version before it. Nothing else orders events, and nothing else is needed: two events that
 * share no stripe commute. The kernels are the engine's own.
 *
 * <p>What a log leaves open at its end, because its writer was killed, is settled by the others: an
 * exchange that was intended has taken place when anything later needs the version that it made.
 * What nothing settles is reported, not guessed.
 *
 * <p>One thread replays, and a second one computes what it says while it reads on. It owns a copy
 * of the model, of the optimizer's state and of one gradient for each chain.
 */
package dev.starling.engine.replay;
