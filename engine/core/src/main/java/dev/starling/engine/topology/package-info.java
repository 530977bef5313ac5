/**
 * Which workers may average with which: graphs, the roles of their workers, and how fast they mix.
 *
 * <p>Graphs are immutable and may be used from any thread. A worker that initiates picks partners
 * among its neighbours; one that does not is only picked. Every edge can be used from at least one
 * side, and a path joins any two workers.
 *
 * <p>The number of workers alone determines most graphs ({@link
 * dev.starling.engine.topology.Topology.Kind}); a random regular one follows from a seed too, and
 * any other is read from a text file ({@link dev.starling.engine.topology.Topology#parse}).
 *
 * <pre>
 *   ring of 4       torus of 9 (3 x 3)      star of 6
 *
 *   0 --- 1         0 -- 1 -- 2 -- (0)       1   2
 *   |     |         |    |    |               \ /
 *   3 --- 2         3 -- 4 -- 5 -- (3)    5 -- 0 -- 3
 *                   |    |    |                |
 *                   6 -- 7 -- 8 -- (6)         4
 *                   |    |    |
 *                  (0)  (1)  (2)
 * </pre>
 *
 * <p>The spectral gap is that of {@code E[W]}, where one exchange picks an initiating worker
 * uniformly and one of its neighbours uniformly, and {@code W} averages the two (Lian et al. 2018,
 * assumption 1.3): the expected squared distance from the mean shrinks by at least the factor
 * {@code rho = 1 - gap} per exchange. Computing it takes about a second for 1024 workers.
 */
package dev.starling.engine.topology;
