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
import java.util.function.Function;

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
    return List.of(
        choice("fabric", "shm", fabrics, FabricProvider::name, FabricProvider::unavailableReason),
        choice(
            "kernels", "cpu", kernels, KernelsProvider::name, KernelsProvider::unavailableReason));
  }

  private static <T> Finding choice(
      String what,
      String otherwise,
      List<T> providers,
      Function<T, String> name,
      Function<T, Optional<String>> unavailable) {
    List<String> reasons = new ArrayList<>();
    for (T provider : providers) {
      Optional<String> reason = unavailable.apply(provider);
      if (reason.isEmpty()) {
        return Finding.ok(what, name.apply(provider) + " can be used");
      }
      reasons.add("not %s: %s".formatted(name.apply(provider), reason.get()));
    }
    return Finding.ok(
        what,
        otherwise
            + ", "
            + (reasons.isEmpty()
                ? "nothing else is on the class path"
                : String.join("; ", reasons)));
  }
}
