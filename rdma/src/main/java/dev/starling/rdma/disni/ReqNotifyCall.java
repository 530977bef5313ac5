package dev.starling.rdma.disni;

import com.ibm.disni.verbs.SVCReqNotify;
import java.io.IOException;

/** Asks for an event of a completion queue when executed. Confined to one thread at a time. */
final class ReqNotifyCall extends SVCReqNotify {
  private final FfmCq cq;
  private final boolean solicitedOnly;
  private boolean valid = true;

  ReqNotifyCall(FfmCq cq, boolean solicitedOnly) {
    this.cq = cq;
    this.solicitedOnly = solicitedOnly;
  }

  @Override
  public SVCReqNotify execute() throws IOException {
    if (!valid) {
      throw FfmVerbs.freed("a request for notification");
    }
    try {
      cq.requestNotification(solicitedOnly);
    } catch (VerbsException failure) {
      throw failure.asIoException();
    }
    return this;
  }

  @Override
  public boolean isValid() {
    return valid;
  }

  @Override
  public SVCReqNotify free() {
    valid = false;
    return this;
  }
}
