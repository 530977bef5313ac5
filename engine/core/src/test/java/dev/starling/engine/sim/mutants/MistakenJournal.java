package dev.starling.engine.sim.mutants;

import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.Journal;
import dev.starling.engine.log.Origin;
import java.lang.foreign.MemorySegment;

/** A log that gets every record; mutants override the one that they write wrongly. */
class MistakenJournal implements Journal {
  protected final Journal log;

  MistakenJournal(Journal log) {
    this.log = log;
  }

  /** What comes before every record. */
  void before() {}

  @Override
  public void restored(Origin origin) {
    before();
    log.restored(origin);
  }

  @Override
  public void gradient(
      long optimizerStep,
      int count,
      long oldestReadVersion,
      float learningRate,
      float scale,
      GradientPayload payload,
      long payloadLengthBytes) {
    before();
    log.gradient(
        optimizerStep, count, oldestReadVersion, learningRate, scale, payload, payloadLengthBytes);
  }

  @Override
  public void fragment(MemorySegment payload, long offsetBytes, long lengthBytes) {
    before();
    log.fragment(payload, offsetBytes, lengthBytes);
  }

  @Override
  public void rejected(long count, long submission, long badIndex) {
    before();
    log.rejected(count, submission, badIndex);
  }

  @Override
  public void step(int stripe, long version) {
    before();
    log.step(stripe, version);
  }

  @Override
  public void intent(
      int stripe,
      long version,
      int peer,
      int peerIncarnation,
      long peerVersion,
      boolean withUpdate) {
    before();
    log.intent(stripe, version, peer, peerIncarnation, peerVersion, withUpdate);
  }

  @Override
  public void commit(int stripe, long version) {
    before();
    log.commit(stripe, version);
  }

  @Override
  public void torn(int stripe, int peer, boolean mayBePublished) {
    before();
    log.torn(stripe, peer, mayBePublished);
  }

  @Override
  public void fence(int stripe, int peer, long version) {
    before();
    log.fence(stripe, peer, version);
  }

  @Override
  public void fenced(int stripe, int peer, boolean broken) {
    before();
    log.fenced(stripe, peer, broken);
  }

  @Override
  public void cut(long set) {
    before();
    log.cut(set);
  }

  @Override
  public void checkpoint(long set, long optimizerStep, long[] versions) {
    before();
    log.checkpoint(set, optimizerStep, versions);
  }

  @Override
  public void close() {
    before();
    log.close();
  }
}
