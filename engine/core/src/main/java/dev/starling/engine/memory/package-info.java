/**
 * Off-heap memory that the engine owns: files in {@code /dev/shm} that other processes map ({@link
 * dev.starling.engine.memory.SharedFile}) and private anonymous mappings ({@link
 * dev.starling.engine.memory.PrivateMemory}).
 *
 * <p>Threads: creation and closing belong to the thread that set the worker up; the mapped bytes
 * may be used from any thread until the owner closes the mapping, which it does after every user
 * has stopped.
 *
 * <p>Invariants: space is reserved with {@code fallocate} before it is mapped, so a full file
 * system is an exception and never a SIGBUS; a file is private to its user (mode 0600); its owner
 * holds an open-file-description lock for as long as it lives, and that lock, not a process number,
 * says that it lives; closing unmaps, closes and unlinks on every path, also when construction
 * fails half-way.
 */
package dev.starling.engine.memory;
