/**
 * How the ranks of a job on several hosts find, trust and watch each other.
 *
 * <pre>
 *  LaunchEnvironment   which rank this process is, as torchrun, Slurm, MPI, Kubernetes or flags tell
 *  JobToken            the secret that every rank of the job knows
 *  ControlLink         TCP connections between all ranks, without a master:
 *
 *     rank 0 ------- rank 1        joins through any member, then is connected to all;
 *        |  \       /  |           signs of life carry progress; who is silent is dead;
 *        |    \   /    |           each says what it has (publish) and answers (request)
 *        |    /   \    |
 *     rank 3 ------- rank 2
 *
 *  a connection:  Handshake (both sides prove the token) -- Seal (every frame is authenticated)
 *  layers:        ControlLink -- LinkLoop (thread, selector) -- Joining, Mesh, Requests -- Connection
 * </pre>
 *
 * <p>Threads: a link has one thread of its own, {@code starling-control-RANK}, which owns all
 * sockets and all knowledge; other threads read {@code MemberTable} and hand it commands. Listener,
 * request handler and replies run on it. Names are looked up on virtual threads.
 *
 * <p>Invariants: nobody without the token gets past the handshake, and the token is never sent; a
 * frame that was changed, repeated, left out or moved ends its connection; every wait, buffer and
 * queue has a bound; an incarnation is dead before the next one of its rank is known; a rank that
 * was declared dead does not come back under the same incarnation.
 */
package dev.starling.engine.rendezvous;
