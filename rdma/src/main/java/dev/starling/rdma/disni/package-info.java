/**
 * RDMA verbs from Java: DiSNI's public API ({@code com.ibm.disni:disni:2.1}) on the project's own
 * bindings of libibverbs and librdmacm, without JNI and without DiSNI's native library, and what
 * that API lacks.
 *
 * <pre>
 *   users of DiSNI:  RdmaEndpointGroup, RdmaCmId, IbvQP, SVCPostSend ...
 *                        |  FfmProvider.install()
 *                    FfmCm   FfmVerbs
 *                        |           |
 *   the engine:      FfmContext - FfmPd -+- FfmMr
 *                        |                    +- FfmQp &lt;- SendRequests
 *                    FfmCompChannel - FfmCq -&gt; Completions
 *                        |
 *                    dev.starling.jextract.verbs
 * </pre>
 *
 * <p>Beyond DiSNI: devices by name, their limits, ports, GIDs and P_Keys; queue pairs brought up
 * without rdma_cm; atomics; regions over 2 GiB and relaxed ordering; READ depths, private data,
 * traffic class and ACK timeout of a connection; vendor error and queue pair number of a failure;
 * IPv6.
 *
 * <p>Failures: methods of this package throw {@link dev.starling.rdma.disni.VerbsException}, which
 * is unchecked; DiSNI's methods throw an IOException with the same sentence.
 *
 * <p>Ownership: whoever opens an object closes it, children before parents; closing twice does
 * nothing, and a close that failed may be repeated. Regions that were registered from a Java object
 * keep that object alive.
 *
 * <p>Threads: this package starts none. Control may come from any thread; posting to a queue pair
 * and polling a completion queue belong to one thread at a time, take no lock and allocate nothing.
 *
 * <p>What remains of DiSNI 2.1 itself: {@code RdmaEndpoint.connect} waits without limit when a
 * connection is refused or an address cannot be resolved, and its endpoint groups keep one
 * protection domain of each device until the process ends.
 */
package dev.starling.rdma.disni;
