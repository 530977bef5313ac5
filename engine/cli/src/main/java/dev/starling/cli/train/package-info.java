/**
 * {@code starling train} and {@code starling demo}: one training run in this process, written
 * against the engine's public API as a user's program would be.
 *
 * <pre>
 *   main thread        options, data, launch, LocalJob.run ... average, evaluate, save
 *   compute thread xN  WorkerLoop: batch, snapshot, gradient, wait for the pretended GPU, submit
 *   agent thread   xN  the engine's
 *   run monitor        reads counters, evaluates a slice of the test set, draws the progress
 *   shutdown hook      StopSignal: asks everyone to finish, waits until all is saved, at most 10 s
 *
 *   run directory      config.json  train.log  model.safetensors  result.json
 * </pre>
 *
 * <p>This package owns the run directory and the memory of the averaged model. Invariants: the
 * workers of a run share one budget of work, so a slow worker does fewer steps and nobody waits for
 * it; the average, evaluations and the saved file are of the state after every submitted gradient
 * was applied.
 */
package dev.starling.cli.train;
