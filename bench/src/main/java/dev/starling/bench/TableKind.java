package dev.starling.bench;

import java.util.Locale;

/** The tables that results are shown in, with the headers that README's have too. */
enum TableKind {
  /** Kernels against C, and their traffic against what the memory gives. */
  KERNELS(
      "| kernel | Starling | C loop | C / Starling | traffic | fastest loop of STREAM | of it |",
      "|---|---:|---:|---:|---:|---:|---:|"),
  /** Anything that has a rival in the same run. */
  PAIRS("| what | against | Starling | rival | rival / Starling |", "|---|---|---:|---:|---:|"),
  /** Times of single calls. */
  LATENCIES("| what | p50 | p99 | p99.9 | longest |", "|---|---:|---:|---:|---:|"),
  /** Anything else that JMH measures. */
  SCORES("| what | score | error | unit |", "|---|---:|---:|---|"),
  /** Replay against what it cannot do without. */
  REPLAYS(
      "| run | reading alone | kernels alone | replay | of the slower one, best round | median |",
      "|---|---:|---:|---:|---:|---:|"),
  /** Exchanges of two processes against MPI. */
  EXCHANGES(
      "| model | Starling | on two threads | MPI get, put | MPI chunked | MPI shared window"
          + " | better MPI RMA / Starling | on two threads |",
      "|---|---:|---:|---:|---:|---:|---:|---:|"),
  /** The mean over two processes against MPI. */
  ALLREDUCES(
      "| vector | Starling, mean | MPI_Allreduce, sum | which was | MPI, mean | MPI sum / Starling"
          + " | MPI mean / Starling |",
      "|---|---:|---:|---|---:|---:|---:|"),
  /** Rounds of the algorithms against their maths. */
  ROUNDS(
      "| algorithm | model | round | the kernels alone | kernels / round |",
      "|---|---:|---:|---:|---:|");

  private final String header;
  private final String alignment;

  TableKind(String header, String alignment) {
    this.header = header;
    this.alignment = alignment;
  }

  /** {@return what README's comments call it} */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** {@return its first two rows} */
  String header() {
    return header + "\n" + alignment + "\n";
  }

  /** {@return the comment above it} */
  String marker() {
    return "<!-- table: " + label() + " -->\n";
  }
}
