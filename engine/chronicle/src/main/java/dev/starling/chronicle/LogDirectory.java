package dev.starling.chronicle;

import java.nio.file.Path;

/**
 * Where the log of one life of a rank lies.
 *
 * @param rank the rank
 * @param incarnation its life, counted from 0
 * @param path the directory, named {@code RANK.INCARNATION}
 */
public record LogDirectory(int rank, int incarnation, Path path) {}
