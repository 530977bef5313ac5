/**
 * The commands that read a run's logs back: {@code verify} proves a run, {@code replay} rebuilds
 * one replica. They belong to the thread that runs them and write nothing but what they are asked
 * for.
 */
package dev.starling.cli.replay;
