package dev.starling.cli.doctor;

import dev.starling.engine.fabric.FabricProvider;
import dev.starling.engine.health.Finding;
import dev.starling.engine.health.HealthCheck;
import dev.starling.engine.health.Workload;
import dev.starling.engine.kernel.KernelsProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** What a run here would choose by itself, and why. */
final class ChoiceCheck implements HealthCheck {
  private final List<FabricProvider> fabrics;
  private final List<KernelsProvider> kernels;

  /** Makes the check with what is on the class path. */
  ChoiceCheck() {
    this(load(FabricProvider.class), load(KernelsProvider.class));
  }

  ChoiceCheck(List<FabricProvider> fabrics, List<KernelsProvider> kernels) {
    this.fabrics = fabrics;
    this.kernels = kernels;
  }

  private static <T> List<T> load(Class<T> service) {
    return ServiceLoader.load(service).stream().map(ServiceLoader.Provider::get).toList();
  }

  @Override
  public String area() {
    return "choice";
  }

  @Override
  public List<Finding> examine(Workload workload) {
    return List.of(fabric(), kernels());
  }

  /** Ranks of one host share memory; a provider is what reaches other hosts. */
  private Finding fabric() {
    String what = "--fabric auto takes shm when all ranks are on this host";
    if (fabrics.isEmpty()) {
      return Finding.ok(
          "fabric", what + "; no fabric between hosts is on the class path (starling-rdma)");
    }
    FabricProvider first = fabrics.getFirst();
    return Finding.ok(
        "fabric",
        "%s, %s when some are elsewhere: %s"
            .formatted(
                what,
                first.name(),
                first
                    .unavailableReason()
                    .map(reason -> "which would fail, " + reason)
                    .orElse("which can be used here")));
  }

  private Finding kernels() {
    List<String> reasons = new ArrayList<>();
    for (KernelsProvider provider : kernels) {
      Optional<String> reason = provider.unavailableReason();
      if (reason.isEmpty()) {
        return Finding.ok("kernels", provider.name() + " can be used");
      }
      reasons.add("not %s: %s".formatted(provider.name(), reason.get()));
    }
    return Finding.ok(
        "kernels",
        "cpu, "
            + (reasons.isEmpty()
                ? "nothing else is on the class path"
                : String.join("; ", reasons)));
  }
}
