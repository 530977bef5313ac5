package dev.starling.engine.worker;

import dev.starling.engine.exchange.LockGuard;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.RegionDescriptor;

/** Cuts peers off from a worker's replica by the means of the fabric that exposes it. */
record FabricFence(Fabric fabric, RegionDescriptor home) implements LockGuard.Fence {
  @Override
  public boolean cutOff(int holder, int epoch) {
    return fabric.fence(home, holder, epoch);
  }

  @Override
  public void broken(int holder, int stripe, long version) {
    fabric.fenced(home, holder, stripe, version);
  }
}
