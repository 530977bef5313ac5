package dev.starling.engine.worker;

import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import org.agrona.concurrent.Agent;

/** An agent that tells on the board how many gradients its worker has submitted. */
final class ReportingAgent implements Agent {
  private final CommunicationAgent communication;
  private final Counters counters;
  private final RankRecord record;
  private final long before;

  ReportingAgent(CommunicationAgent communication, Counters counters, RankRecord record) {
    this.communication = communication;
    this.counters = counters;
    this.record = record;
    before = record.submitted();
  }

  @Override
  public void onStart() {
    communication.onStart();
  }

  @Override
  public int doWork() {
    record.submitted(before + counters.get(Counter.GRADIENTS_SUBMITTED));
    return communication.doWork();
  }

  @Override
  public void onClose() {
    communication.onClose();
  }

  @Override
  public String roleName() {
    return communication.roleName();
  }
}
