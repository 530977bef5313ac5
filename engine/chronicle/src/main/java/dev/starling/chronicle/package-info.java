/**
 * The update log on disk: one Chronicle Queue for each rank and incarnation, written through
 * Chronicle, read without it.
 *
 * <pre>
 *   logs/
 *     2.0/                     rank 2, incarnation 0; one writer, ever
 *       metadata.cq4t          Chronicle's own; readers here do not need it
 *       00000000.cq4           segment 0: documents, end mark
 *       00000000.crc           its length and checksum, written when it ended
 *       00000001.cq4           segment 1, being written: documents, then zeros
 *
 *   a segment    | header: metadata | index: metadata | record | record | ... | end mark | "EOF"
 *   a document   | header (u32, little endian, at a multiple of 4) | bytes |
 *                  bit 31 not complete, bit 30 metadata, bits 0 to 29 length;
 *                  0 nothing yet, 0xc0000000 end mark
 * </pre>
 *
 * <p>Threads: one writes ({@link dev.starling.chronicle.ChronicleLog#append}); a daemon of the log
 * forces segments to disk and seals ended ones; any number of processes read, also while it is
 * written.
 *
 * <p>Invariants: space is reserved before it is touched, so a full disk is an exception and never a
 * SIGBUS; a record is in a file whole or not at all; a record never crosses a segment; a reader
 * trusts no byte and touches none beyond the end of the file.
 */
package dev.starling.chronicle;
