package dev.starling.engine.optimizer;

import dev.starling.engine.StarlingException;
import java.util.HashMap;
import java.util.Map;

/** Makes the engine's optimizers from their {@linkplain Optimizer#specification() texts}. */
public final class Optimizers {
  private Optimizers() {}

  /**
   * Makes an optimizer, with a fresh state.
   *
   * @param specification a name and factors, separated by spaces
   * @param parameterCount parameters of the model
   * @return the optimizer, owned by the caller
   * @throws StarlingException when it is none of the engine's, or a factor is missing or no number
   */
  public static Optimizer parse(String specification, long parameterCount) {
    String[] words = specification.split(" ");
    Map<String, String> factors = new HashMap<>();
    for (int i = 1; i < words.length; i++) {
      int equals = words[i].indexOf('=');
      factors.put(words[i].substring(0, Math.max(0, equals)), words[i].substring(equals + 1));
    }
    try {
      return switch (words[0]) {
        case "sgd" -> new Sgd(factor(factors, "momentum"), factor(factors, "l2"), parameterCount);
        case "nesterov" ->
            new Nesterov(factor(factors, "momentum"), factor(factors, "l2"), parameterCount);
        case "adamw" ->
            new AdamW(
                factor(factors, "beta1"),
                factor(factors, "beta2"),
                factor(factors, "epsilon"),
                factor(factors, "decay"),
                parameterCount);
        default ->
            throw new StarlingException(
                "optimizer '"
                    + specification
                    + "' is none of the engine's: sgd, nesterov, adamw; replay needs the code of"
                    + " it");
      };
    } catch (NumberFormatException wrong) {
      throw new StarlingException(
          "optimizer '" + specification + "' has a factor that is no number: restore the file",
          wrong);
    }
  }

  private static float factor(Map<String, String> factors, String name) {
    String value = factors.get(name);
    if (value == null) {
      throw new NumberFormatException("no " + name);
    }
    return Float.parseFloat(value);
  }
}
