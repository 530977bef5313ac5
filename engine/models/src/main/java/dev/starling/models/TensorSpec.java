package dev.starling.models;

import java.util.List;

/**
 * Where one tensor lies in the flat parameter vector.
 *
 * @param name name of the tensor, unique in its model, such as {@code layer0.weight}
 * @param shape extent of each dimension, outermost first; elements are stored row-major
 * @param offset index of the first element in the flat vector, in elements
 */
public record TensorSpec(String name, List<Integer> shape, long offset) {
  /**
   * Checks the arguments and takes a copy of the shape.
   *
   * @throws IllegalArgumentException if an extent is not positive or the offset is negative
   */
  public TensorSpec {
    shape = List.copyOf(shape);
    if (offset < 0 || shape.stream().anyMatch(extent -> extent <= 0)) {
      throw new IllegalArgumentException(
          "tensor "
              + name
              + " has shape "
              + shape
              + " at offset "
              + offset
              + ": every extent must be at least 1 and the offset at least 0");
    }
  }

  /**
   * Number of elements.
   *
   * @return the product of the extents
   */
  public long elements() {
    long product = 1;
    for (int extent : shape) {
      product = Math.multiplyExact(product, extent);
    }
    return product;
  }
}
