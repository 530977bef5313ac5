package dev.starling.engine.sim.mutants;

import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;

/** A fabric that passes everything on; mutants override the one thing that they do wrong. */
class MistakenFabric implements Fabric {
  protected final Fabric fabric;

  MistakenFabric(Fabric fabric) {
    this.fabric = fabric;
  }

  @Override
  public String name() {
    return fabric.name();
  }

  @Override
  public boolean isAddressable() {
    return fabric.isAddressable();
  }

  @Override
  public RegionDescriptor expose(Replica replica) {
    return fabric.expose(replica);
  }

  @Override
  public RegionDescriptor describe(long jobId, int rank, int incarnation) {
    return fabric.describe(jobId, rank, incarnation);
  }

  @Override
  public void withdraw(RegionDescriptor descriptor) {
    fabric.withdraw(descriptor);
  }

  @Override
  public Registration register(String what, MemorySegment memory) {
    return fabric.register(what, memory);
  }

  @Override
  public boolean prepare(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation) {
    return fabric.prepare(descriptor, layout, localRank, localIncarnation);
  }

  @Override
  public boolean fence(RegionDescriptor home, int rank, int epoch) {
    return fabric.fence(home, rank, epoch);
  }

  @Override
  public void fenced(RegionDescriptor home, int rank, int stripe, long version) {
    fabric.fenced(home, rank, stripe, version);
  }

  @Override
  public Remote connect(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation) {
    return fabric.connect(descriptor, layout, localRank, localIncarnation);
  }

  @Override
  public void removeDead(RegionDescriptor descriptor) {
    fabric.removeDead(descriptor);
  }

  @Override
  public boolean isDead(RegionDescriptor descriptor) {
    return fabric.isDead(descriptor);
  }

  @Override
  public PeerState state(RegionDescriptor descriptor) {
    return fabric.state(descriptor);
  }

  @Override
  public void close() {
    fabric.close();
  }
}
