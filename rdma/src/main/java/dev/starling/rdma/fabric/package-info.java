/**
 * The engine's fabric over RDMA verbs.
 *
 * <pre>
 *   rank i                                              rank j (home)
 *   VerbsFabric.connect ---- AttachRequest over the ControlChannel ----> VerbsHome.attach
 *     Connection: queue pairs, RTS  &lt;---- AttachReply: epoch, windows ---- queue pairs, RTS
 *   VerbsRemote                                         VerbsHome
 *     Operations: pieces, bursts  ---- READ, WRITE, CAS (one-sided) ---->  control lines: READ, ATOMIC
 *                                                                          planes:        READ, WRITE
 * </pre>
 *
 * <p>Queue pairs are brought up by their numbers and addresses, which travel over the authenticated
 * channel, not by the connection manager: so partition, service level, traffic class and address
 * index are all free to choose, nothing listens for connections, and a queue pair talks to the one
 * that it was told of and to no other.
 *
 * <p>Threads: a {@link dev.starling.rdma.fabric.VerbsRemote} belongs to one communication agent;
 * {@link dev.starling.rdma.fabric.Connector} has a thread that creates queue pairs; homes answer on
 * the channel's thread.
 *
 * <p>Invariants: a lock word is changed by the home's device alone. A home whose peer is cut off
 * has that peer's queue pairs in ERR before it looks at the lock. Every operation completes once,
 * in bounded time: the device gives up after its retries, the engine after {@link
 * dev.starling.rdma.fabric.VerbsOptions#progressLimitNs()}, and then the queue pairs are destroyed.
 * The order of closing is: queue pairs to ERR and destroyed, completion queue, registrations,
 * memory.
 */
package dev.starling.rdma.fabric;
