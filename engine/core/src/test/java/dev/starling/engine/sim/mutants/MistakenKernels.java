package dev.starling.engine.sim.mutants;

import dev.starling.engine.kernel.Kernels;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;

/** Kernels of which one is called with other arguments than it was given. */
final class MistakenKernels {
  private MistakenKernels() {}

  /**
   * Wraps kernels.
   *
   * @param kernels the right ones
   * @param name the kernel that is called wrongly
   * @param change what is done to its arguments
   * @return the wrong ones
   */
  static Kernels changing(Kernels kernels, String name, Consumer<Object[]> change) {
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals(name)) {
                change.accept(arguments);
              }
              return method.invoke(kernels, arguments);
            });
  }
}
