package dev.starling.models.data;

import java.util.Objects;

/**
 * Chosen rows of a data set, without copying them. Reusable: clearing and filling it again
 * allocates nothing. Belongs to one thread.
 */
public final class Batch {
  private final Dataset data;
  private final int[] rows;
  private int size;

  /**
   * Makes an empty batch.
   *
   * @param data where the rows come from
   * @param capacity largest number of rows, at least 1
   * @throws IllegalArgumentException if the capacity is not positive
   */
  public Batch(Dataset data, int capacity) {
    this.data = Objects.requireNonNull(data, "data");
    if (capacity < 1) {
      throw new IllegalArgumentException(
          "a batch of " + capacity + " rows cannot hold a sample; use at least 1");
    }
    this.rows = new int[capacity];
  }

  /**
   * Where the rows come from.
   *
   * @return the data set
   */
  public Dataset data() {
    return data;
  }

  /**
   * Largest number of rows.
   *
   * @return at least 1
   */
  public int capacity() {
    return rows.length;
  }

  /**
   * Number of rows chosen.
   *
   * @return 0 to {@link #capacity()}
   */
  public int size() {
    return size;
  }

  /**
   * Row of the data set at a place of the batch.
   *
   * @param index 0 to {@code size() - 1}
   * @return row in the data set
   */
  public int row(int index) {
    return rows[Objects.checkIndex(index, size)];
  }

  /** Forgets the rows. */
  public void clear() {
    size = 0;
  }

  /**
   * Adds a row. The same row may be added more than once.
   *
   * @param row 0 to {@code data().count() - 1}
   * @throws IndexOutOfBoundsException if there is no such row
   * @throws IllegalStateException if the batch is full
   */
  public void add(int row) {
    Objects.checkIndex(row, data.count());
    if (size == rows.length) {
      throw new IllegalStateException(
          "the batch already holds its " + rows.length + " rows; clear() it first");
    }
    rows[size++] = row;
  }

  /**
   * Replaces the rows by consecutive ones.
   *
   * @param from first row
   * @param to row after the last
   * @throws IndexOutOfBoundsException if the range leaves the data set
   * @throws IllegalArgumentException if it is longer than the capacity
   */
  public void range(int from, int to) {
    Objects.checkFromToIndex(from, to, data.count());
    if (to - from > rows.length) {
      throw new IllegalArgumentException(
          "rows %d to %d do not fit a batch of %d".formatted(from, to, rows.length));
    }
    size = to - from;
    for (int i = 0; i < size; i++) {
      rows[i] = from + i;
    }
  }
}
