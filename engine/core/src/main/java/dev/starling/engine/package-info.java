/**
 * Starling: asynchronous decentralised parallel SGD (AD-PSGD, Lian et al., ICML 2018) inside your
 * JVM.
 *
 * <table class="plain">
 *   <caption>What a program that trains with Starling uses</caption>
 *   <thead>
 *     <tr><th scope="col">class</th><th scope="col">what it is to you</th></tr>
 *   </thead>
 *   <tbody>
 *     <tr>
 *       <td>{@link dev.starling.engine.worker.JobContext}</td>
 *       <td>what a job shall be: workers, parameters, optimizer, graph; all with defaults</td>
 *     </tr>
 *     <tr>
 *       <td>{@link dev.starling.engine.worker.LocalJob}</td>
 *       <td>the job in this process: launch, run your loop, average, close</td>
 *     </tr>
 *     <tr>
 *       <td>{@link dev.starling.engine.worker.Worker}</td>
 *       <td>one worker, in your loop: its snapshot, its gradient buffer, submit</td>
 *     </tr>
 *     <tr>
 *       <td>{@link dev.starling.engine.worker.Snapshot}</td>
 *       <td>the parameters to compute on, in place and unchanging while it is open</td>
 *     </tr>
 *     <tr>
 *       <td>{@link dev.starling.engine.optimizer.Optimizer}</td>
 *       <td>how a gradient becomes a step; its package holds the usual ones</td>
 *     </tr>
 *     <tr>
 *       <td>{@link dev.starling.engine.optimizer.Schedule}</td>
 *       <td>the learning rate over the steps</td>
 *     </tr>
 *     <tr>
 *       <td>{@link dev.starling.engine.topology.Topology}</td>
 *       <td>who may average with whom, and how fast news spreads</td>
 *     </tr>
 *     <tr>
 *       <td>{@link dev.starling.engine.metrics.Counters}</td>
 *       <td>what each worker did: gradients, exchanges, staleness, time stalled</td>
 *     </tr>
 *     <tr>
 *       <td>{@link dev.starling.engine.worker.JoinedWorker}</td>
 *       <td>one worker, where every worker is a process of its own that may die and come back</td>
 *     </tr>
 *     <tr>
 *       <td>{@link dev.starling.engine.cluster.JobBoard}</td>
 *       <td>what these processes share: who has joined, how far everyone is, the work left</td>
 *     </tr>
 *     <tr>
 *       <td>{@link dev.starling.engine.worker.JobObserver}</td>
 *       <td>averages, copies and counters of their models, from outside</td>
 *     </tr>
 *   </tbody>
 * </table>
 *
 * <p>Four workers train two parameters. The loop runs once in each worker, on a thread of its own;
 * {@code gradient} is yours:
 *
 * {@snippet file="example/LinearRegression.java" region="usage"}
 *
 * <p>That class and its {@code pom.xml} are a build of their own in the folder {@code
 * .config/embedding} of the sources. The JVM runs with {@code --enable-native-access=ALL-UNNAMED
 * --add-modules=jdk.incubator.vector}. Whatever goes wrong is a {@link
 * dev.starling.engine.StarlingException} with one sentence that names the cure.
 *
 * <p>The packages from the bottom up; each begins with what it owns, its threads and its
 * invariants:
 *
 * <pre>
 *   memory     regions and arenas                kernel     vector maths, bits specified
 *   replica    lock word, planes, pins           fabric     one-sided access to peers
 *   log        every update as a record          metrics    counters in the mapped file
 *   topology   graphs and mixing                 optimizer  updates and learning rates
 *   exchange   the pairing state machine         worker     the public API
 *   cluster    the processes of one host     rendezvous the ranks of several hosts
 *   sim        a job, deterministic
 *   checkpoint sets of replicas on disk          replay     replicas rebuilt from logs
 *   health     what would stop a run here        baseline   the algorithms to compare with
 * </pre>
 */
package dev.starling.engine;
