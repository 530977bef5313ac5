package dev.starling.rdma.disni;

import com.ibm.disni.verbs.SVCDeregMr;
import java.io.IOException;

/** Deregisters a region when executed. Confined to one thread at a time. */
final class DeregMrCall extends SVCDeregMr {
  private final FfmMr mr;
  private boolean valid = true;

  DeregMrCall(FfmMr mr) {
    this.mr = mr;
  }

  @Override
  public SVCDeregMr execute() throws IOException {
    if (!valid) {
      throw FfmVerbs.freed("a memory deregistration");
    }
    Errors.run(mr::close);
    return this;
  }

  @Override
  public boolean isValid() {
    return valid;
  }

  @Override
  public SVCDeregMr free() {
    valid = false;
    return this;
  }
}
