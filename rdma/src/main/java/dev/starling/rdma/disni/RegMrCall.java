package dev.starling.rdma.disni;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.SVCRegMr;
import java.io.IOException;

/** Registers memory when executed. Confined to one thread at a time. */
final class RegMrCall extends SVCRegMr {
  private final FfmPd pd;
  private final long address;
  private final long lengthBytes;
  private final int access;
  private Object keptAlive;
  private FfmMr mr;
  private boolean valid = true;

  RegMrCall(FfmPd pd, long address, long lengthBytes, int access, Object keptAlive) {
    this.pd = pd;
    this.address = address;
    this.lengthBytes = lengthBytes;
    this.access = access;
    this.keptAlive = keptAlive;
  }

  @Override
  public SVCRegMr execute() throws IOException {
    if (!valid) {
      throw FfmVerbs.freed("a memory registration");
    }
    mr = Errors.io(() -> pd.register(address, lengthBytes, access, keptAlive));
    return this;
  }

  @Override
  public boolean isValid() {
    return valid;
  }

  @Override
  public SVCRegMr free() {
    valid = false;
    keptAlive = null;
    return this;
  }

  /** The region of the last {@link #execute}; null before. It belongs to the caller. */
  @Override
  public IbvMr getMr() {
    return mr;
  }
}
