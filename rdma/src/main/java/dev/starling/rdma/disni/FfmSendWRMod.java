package dev.starling.rdma.disni;

import com.ibm.disni.verbs.SVCPostSend;

/** What may be changed in a prepared request between executions: DiSNI's, and the atomic part. */
public interface FfmSendWRMod extends SVCPostSend.SendWRMod {
  /**
   * Gives the atomic part.
   *
   * @return the part of a compare-and-swap or fetch-and-add
   * @throws IllegalStateException if the request is neither
   */
  AtomicMod getAtomicMod();
}
