package dev.starling.rdma.disni;

/**
 * The atomic part of a prepared request, as DiSNI's {@code RdmaMod} is that of a READ or WRITE:
 * changes go straight to what the next {@code execute()} posts.
 */
public interface AtomicMod {
  /**
   * Sets the word to be changed.
   *
   * @param address its address at the peer, a multiple of 8
   */
  void setRemote_addr(long address);

  /** {@return the address of the word at the peer} */
  long getRemote_addr();

  /**
   * Sets the value compared with, or added.
   *
   * @param value expected value of a compare-and-swap, addend of a fetch-and-add
   */
  void setCompare_add(long value);

  /** {@return the value compared with, or added} */
  long getCompare_add();

  /**
   * Sets the new value of a compare-and-swap.
   *
   * @param value the new value
   */
  void setSwap(long value);

  /** {@return the new value of a compare-and-swap} */
  long getSwap();

  /**
   * Sets the key of the peer's region.
   *
   * @param rkey the key
   */
  void setRkey(int rkey);

  /** {@return the key of the peer's region} */
  int getRkey();
}
