/**
 * Models on disk, in the safetensors format that other tools read.
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
 * <p>Invariants: a file that bears its final name is complete and on disk: it is written under
 * another name in the same directory, synchronised, and renamed. This package owns no memory and no
 * thread.
 */
package dev.starling.engine.checkpoint;
