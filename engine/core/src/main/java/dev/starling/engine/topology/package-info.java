/**
 * Which workers may average with which: graphs, the roles of their workers, and how fast they mix.
 *
 * <p>Graphs are immutable and may be used from any thread. A worker that initiates picks partners
 * among its neighbours; one that does not is only picked. Every edge can be used from at least one
 * side.
 *
 * <p>The spectral gap is that of {@code E[W]}, where one exchange picks an initiating worker
 * uniformly and one of its neighbours uniformly, and {@code W} averages the two (Lian et al. 2018,
 * assumption 1.3): the expected squared distance from the mean shrinks by at least the factor
 * {@code rho = 1 - gap} per exchange.
 */
package dev.starling.engine.topology;
