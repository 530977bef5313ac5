package dev.starling.rdma.device;

import dev.starling.jextract.NativeAccessException;
import dev.starling.rdma.disni.AtomicCapability;
import dev.starling.rdma.disni.FfmContext;
import dev.starling.rdma.disni.VerbsException;
import java.util.Optional;

/** Asks through libibverbs. */
final class VerbsProbe implements DeviceProbe {
  @Override
  public Optional<String> refusal(String device) {
    try (FfmContext context = FfmContext.open(device)) {
      return refusal(context.limits().atomicCap());
    } catch (VerbsException | NativeAccessException failure) {
      return Optional.of("cannot be asked for its atomics: " + failure.getMessage());
    }
  }

  static Optional<String> refusal(AtomicCapability atomics) {
    return atomics == AtomicCapability.NONE
        ? Optional.of("reports ATOMIC_NONE: it has no atomics, and lock words need them")
        : Optional.empty();
  }

  @Override
  public Optional<String> unavailableReason() {
    return DeviceProbe.libraryMissing();
  }
}
