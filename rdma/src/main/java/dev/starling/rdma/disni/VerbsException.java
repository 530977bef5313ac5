package dev.starling.rdma.disni;

import dev.starling.engine.StarlingException;
import java.io.IOException;

/**
 * A verb of libibverbs or librdmacm failed. The message is one sentence with the device, the verb,
 * the error and the cure.
 */
public final class VerbsException extends StarlingException {
  private static final long serialVersionUID = 1L;

  private final String device;
  private final String verb;
  private final int errno;

  /**
   * Creates the failure.
   *
   * @param device the RDMA device's name; empty when none was involved yet
   * @param verb the C function, for instance {@code ibv_reg_mr}
   * @param errno the error it gave; 0 when the failure has none
   * @param message one sentence: what, where, the value, the cure
   */
  public VerbsException(String device, String verb, int errno, String message) {
    super(message);
    this.device = device;
    this.verb = verb;
    this.errno = errno;
  }

  /** {@return the name of the RDMA device; empty when none was involved yet} */
  public String device() {
    return device;
  }

  /** {@return the C function that failed} */
  public String verb() {
    return verb;
  }

  /** {@return the error number of {@code errno(3)}; 0 when the failure has none} */
  public int errno() {
    return errno;
  }

  /** {@return the same sentence for the methods of DiSNI that throw an IOException} */
  IOException asIoException() {
    return new IOException(getMessage(), this);
  }
}
