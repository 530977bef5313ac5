/**
 * Bindings for libibverbs and librdmacm, the libraries of rdma-core by which a process reads and
 * writes the memory of another machine. Linux on x86-64.
 *
 * <pre>
 *   Ibverbs    devices, memory regions, queue pairs, requests and completions
 *              (inherits IbverbsQueues, IbverbsMemory, IbverbsDevices and the constants)
 *   Rdmacm     connections by IP address (inherits RdmacmIds and the constants)
 *   ibv_*, rdma_*, sockaddr_*   C structs: layout, offsets, accessors
 *
 *   post_send, post_recv, poll_cq, req_notify_cq:
 *
 *     ibv_context.ops --- $pointer(context), once per device ---&gt; function
 *     ibv_post_send(function, qp, wr, badWr)                       every call
 * </pre>
 *
 * <p>A name of a struct inside another is joined with underscores as C spells the path: {@code
 * wr.rdma.remote_addr} of {@code struct ibv_send_wr} is {@code ibv_send_wr.wr_rdma_remote_addr}.
 * Unsigned fields are read as the signed Java type of their width, fields in network byte order as
 * they lie in memory.
 *
 * <p>The package owns no memory, no descriptor and no thread besides the two libraries, which stay
 * loaded. Without them all classes load, {@code isAvailable()} is false and each call throws a
 * sentence.
 *
 * <p><b>Regenerating.</b> The classes follow the output of the jextract tool and are cut down to
 * what is used. Where the tool is installed, run in the folder {@code jextract}:
 *
 * <pre>
 *   jextract --output target/jextract @src/main/jextract/verbs.args src/main/jextract/verbs.h
 *   jextract --output target/jextract @src/main/jextract/rdmacm.args src/main/jextract/rdmacm.h
 * </pre>
 *
 * <p>It writes the full form of the same functions, structs and constants. Capture of errno, the
 * flat names of nested fields, and the calls through {@code ibv_context.ops} (the tool skips inline
 * functions) are added by hand. {@code VerbsAbiTest} compiles a C program against the installed
 * headers and compares every size, offset, constant and signature with these classes.
 */
package dev.starling.jextract.verbs;
