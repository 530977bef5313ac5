package dev.starling.engine.sim;

import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.Journal;
import dev.starling.engine.log.Origin;
import java.lang.foreign.MemorySegment;

/** Tells two journals the same. */
record JournalPair(Journal first, Journal second) implements Journal {
  @Override
  public void restored(Origin origin) {
    first.restored(origin);
    second.restored(origin);
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
    first.gradient(
        optimizerStep, count, oldestReadVersion, learningRate, scale, payload, payloadLengthBytes);
    second.gradient(
        optimizerStep, count, oldestReadVersion, learningRate, scale, payload, payloadLengthBytes);
  }

  @Override
  public void fragment(MemorySegment payload, long offsetBytes, long lengthBytes) {
    first.fragment(payload, offsetBytes, lengthBytes);
    second.fragment(payload, offsetBytes, lengthBytes);
  }

  @Override
  public void rejected(long count, long submission, long badIndex) {
    first.rejected(count, submission, badIndex);
    second.rejected(count, submission, badIndex);
  }

  @Override
  public void step(int stripe, long version) {
    first.step(stripe, version);
    second.step(stripe, version);
  }

  @Override
  public void intent(
      int stripe,
      long version,
      int peer,
      int peerIncarnation,
      long peerVersion,
      boolean withUpdate) {
    first.intent(stripe, version, peer, peerIncarnation, peerVersion, withUpdate);
    second.intent(stripe, version, peer, peerIncarnation, peerVersion, withUpdate);
  }

  @Override
  public void commit(int stripe, long version) {
    first.commit(stripe, version);
    second.commit(stripe, version);
  }

  @Override
  public void torn(int stripe, int peer, boolean mayBePublished) {
    first.torn(stripe, peer, mayBePublished);
    second.torn(stripe, peer, mayBePublished);
  }

  @Override
  public void fence(int stripe, int peer, long version) {
    first.fence(stripe, peer, version);
    second.fence(stripe, peer, version);
  }

  @Override
  public void fenced(int stripe, int peer, boolean broken) {
    first.fenced(stripe, peer, broken);
    second.fenced(stripe, peer, broken);
  }

  @Override
  public void cut(long set) {
    first.cut(set);
    second.cut(set);
  }

  @Override
  public void checkpoint(long set, long optimizerStep, long[] versions) {
    first.checkpoint(set, optimizerStep, versions);
    second.checkpoint(set, optimizerStep, versions);
  }

  @Override
  public void close() {
    first.close();
    second.close();
  }
}
