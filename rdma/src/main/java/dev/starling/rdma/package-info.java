/**
 * RDMA for Starling: the entry that the engine finds by its service loader.
 *
 * <pre>
 *   dev.starling.rdma          VerbsFabricProvider: can verbs be used here, and if so, opens them
 *     .device                  which device, port and address a worker uses
 *     .fabric                  the engine's fabric on verbs
 *     .disni                   DiSNI's API and what the fabric needs beyond it, on the bindings
 *     .health                  what 'starling doctor' says of RDMA
 *   dev.starling.jextract.verbs  the bindings of libibverbs and librdmacm
 * </pre>
 *
 * <p>Threads: everything in this package is called while a job is set up, by the thread that does
 * so.
 */
package dev.starling.rdma;
