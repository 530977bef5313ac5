/**
 * Models and checkpoints on disk, in the safetensors format that other tools read.
 *
 * <pre>
 *  +0      header length n, 8 bytes little endian, a multiple of 8
 *  +8      header, JSON in UTF-8, padded with spaces to n bytes
 *            {"__metadata__":{...},"layer0.weight":{"dtype":"F32","shape":[256,784],"data_offsets":[0,802816]}, ...}
 *  +8+n    tensors, float32 little endian, one after another without gaps; data_offsets count from here
 * </pre>
 *
 * <p>Format: github.com/huggingface/safetensors, section "Format" of its README.
 *
 * <p>A checkpoint is such a file for each rank, and a manifest that says which files belong
 * together:
 *
 * <pre>
 *  RUN/checkpoints/000012/rank-0.1.safetensors    the model's tensors, then optimizer.NAME for each vector of the
 *                         rank-1.1.safetensors    optimizer; step, versions and checksums among the metadata
 *                         manifest.json           written last: with it the set is complete
 *
 *  checksums (CRC-32C):  manifest.json --&gt; itself, every file
 *                        file          --&gt; header, every stripe, every optimizer.NAME
 * </pre>
 *
 * <p>Invariants: a file that bears its final name is complete and on disk: it is written under
 * another name in the same directory, synchronised, and renamed. No number in a file is used before
 * it was checked against the others and against the file's length. Every bit of a checkpoint file
 * and of a manifest is under a checksum.
 *
 * <p>Threads: a {@link dev.starling.engine.checkpoint.CheckpointCoordinator} and a {@link
 * dev.starling.engine.checkpoint.WorkerCheckpoints} have one each, which they end when they are
 * closed. The package owns no memory but the mappings of the files that a caller has open.
 */
package dev.starling.engine.checkpoint;
