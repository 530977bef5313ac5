/**
 * Bindings for the C library calls that the engine makes: files, mappings, file locks, memory
 * locking, CPU affinity, process liveness. Linux on x86-64.
 *
 * <pre>
 *   Libc            functions, each with errno captured into the caller's segment
 *                   (inherits LibcMemory, LibcFiles, LibcTypes, LibcConstants)
 *   flock, rlimit, sched_attr   C structs: layout, offsets, accessors
 *   CallState       where a call leaves errno
 *   Errno           its name and text
 * </pre>
 *
 * <p>The package owns no memory, no descriptor and no thread. Calls are plain downcalls: the
 * calling thread runs the C function. Whatever a call opens or maps belongs to the caller.
 *
 * <p><b>Regenerating.</b> The classes follow the output of the jextract tool and are cut down to
 * what is used. Where the tool is installed, run in the folder {@code jextract}:
 *
 * <pre>
 *   jextract --output target/jextract @src/main/jextract/libc.args src/main/jextract/libc.h
 * </pre>
 *
 * <p>It writes the full form of the same functions, structs and constants for the headers of that
 * machine; remove the {@code --include} lines from {@code libc.args} to get everything in the
 * headers. Errno capture is added by hand, since the tool does not generate it. {@code LibcAbiTest}
 * compiles a C program against the installed headers and compares every size, offset, constant and
 * signature with these classes.
 */
package dev.starling.jextract.libc;
