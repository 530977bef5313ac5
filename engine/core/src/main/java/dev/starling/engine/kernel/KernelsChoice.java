package dev.starling.engine.kernel;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Who computes updates and averages in this process, and why: the CPU, or a device that a {@link
 * KernelsProvider} on the class path brings.
 *
 * @param device {@value #CPU}, or the name of a provider
 * @param kernels opens the kernels of each worker
 * @param reason one line for people and logs
 */
public record KernelsChoice(String device, KernelsFactory kernels, String reason) {
  /** The first device that can be used, otherwise the CPU. */
  public static final String AUTO = "auto";

  /** The processors of the host. */
  public static final String CPU = "cpu";

  /**
   * Chooses.
   *
   * @param wanted {@value #AUTO}, {@value #CPU}, or the name of a provider
   * @param settings what a person has set for the device, by name
   * @param cpu what the choice of the CPU opens
   * @param localRank the rank of this process's first worker among those of its host, which is the
   *     one that the reason describes
   * @return the choice
   * @throws ConfigurationException when what is wanted is unknown or cannot be used, with the
   *     reason
   */
  public static KernelsChoice of(
      String wanted, Map<String, String> settings, KernelsFactory cpu, int localRank) {
    return of(wanted, settings, cpu, localRank, ServiceLoader.load(KernelsProvider.class));
  }

  static KernelsChoice of(
      String wanted,
      Map<String, String> settings,
      KernelsFactory cpu,
      int localRank,
      Iterable<KernelsProvider> providers) {
    if (wanted.equals(CPU)) {
      return onCpu(cpu, localRank, "asked for");
    }
    List<String> names = new ArrayList<>(List.of(AUTO, CPU));
    List<String> reasons = new ArrayList<>();
    for (KernelsProvider provider : providers) {
      names.add(provider.name());
      if (provider.name().equals(wanted)) {
        return asked(provider, settings, localRank);
      }
      if (wanted.equals(AUTO)) {
        Optional<KernelsChoice> usable = tryOpen(provider, settings, localRank, reasons);
        if (usable.isPresent()) {
          return usable.get();
        }
      }
    }
    if (!wanted.equals(AUTO)) {
      throw new ConfigurationException(
          "device=" + wanted + " is unknown: choose one of " + String.join(", ", names));
    }
    return onCpu(
        cpu,
        localRank,
        reasons.isEmpty() ? "nothing else is on the class path" : String.join("; ", reasons));
  }

  private static KernelsChoice onCpu(KernelsFactory cpu, int localRank, String reason) {
    return new KernelsChoice(
        CPU, cpu, "device cpu (" + cpu.description(localRank) + "): " + reason);
  }

  private static KernelsChoice asked(
      KernelsProvider provider, Map<String, String> settings, int localRank) {
    provider
        .unavailableReason()
        .ifPresent(
            reason -> {
              throw new ConfigurationException(
                  "device=%s cannot be used, %s: choose %s, which computes the same bits"
                      .formatted(provider.name(), reason, CPU));
            });
    return opened(provider, settings, localRank, "asked for");
  }

  private static Optional<KernelsChoice> tryOpen(
      KernelsProvider provider, Map<String, String> settings, int localRank, List<String> reasons) {
    Optional<String> unavailable = provider.unavailableReason();
    if (unavailable.isPresent()) {
      reasons.add("not %s, %s".formatted(provider.name(), unavailable.get()));
      return Optional.empty();
    }
    try {
      return Optional.of(opened(provider, settings, localRank, "it can be used"));
    } catch (ConfigurationException wrong) {
      throw wrong;
    } catch (StarlingException refused) {
      reasons.add("not %s, %s".formatted(provider.name(), refused.getMessage()));
      return Optional.empty();
    }
  }

  private static KernelsChoice opened(
      KernelsProvider provider, Map<String, String> settings, int localRank, String reason) {
    KernelsFactory kernels = provider.open(settings);
    return new KernelsChoice(
        provider.name(),
        kernels,
        "device %s (%s): %s".formatted(provider.name(), kernels.description(localRank), reason));
  }
}
