package dev.starling.cuda.kernel;

import dev.starling.cuda.CudaContext;

/** The ways to reach memory of the host. */
enum PlacementKind {
  /** Kernels read and write the memory of the host where it is. */
  MAPPED("kernels over mapped host memory", "mapped") {
    @Override
    Placement make(CudaContext context, int slots) {
      return new MappedPlacement(context, slots);
    }
  },
  /** Copied to the device in pieces, computed there, copied back. */
  STAGED("kernels over staged copies", "staged") {
    @Override
    Placement make(CudaContext context, int slots) {
      return new StagedPlacement(context, slots, StagedPlacement.PIECE_BYTES);
    }
  };

  private final String description;
  private final String word;

  PlacementKind(String description, String word) {
    this.description = description;
    this.word = word;
  }

  /** What a person reads. */
  String description() {
    return description;
  }

  /** What a person sets. */
  String word() {
    return word;
  }

  /**
   * Makes what does it.
   *
   * @param context owns what is made
   * @param slots how many marks there are
   */
  abstract Placement make(CudaContext context, int slots);
}
