/**
 * {@code starling topology}: what a graph of workers looks like and how fast news spreads on it.
 *
 * <p>Runs on the caller's thread, opens nothing.
 */
package dev.starling.cli.topology;
