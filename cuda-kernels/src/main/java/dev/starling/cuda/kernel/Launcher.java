package dev.starling.cuda.kernel;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaStream;
import dev.starling.cuda.KernelArguments;
import java.util.EnumMap;
import java.util.Map;
import jcuda.driver.CUfunction;

/** Launches operations with the parameters of their kernels. Belongs to one thread. */
final class Launcher {
  private static final int MOST_PARAMETERS = Operation.MOST_VECTORS + Operation.MOST_NUMBERS + 1;

  private final Map<Operation, CUfunction> kernels = new EnumMap<>(Operation.class);
  private final KernelArguments arguments = new KernelArguments(MOST_PARAMETERS);

  Launcher(CudaContext context) {
    for (Operation operation : Operation.values()) {
      kernels.put(operation, context.function(operation.kernel()));
    }
  }

  /** Launches a call on the very vectors that it names. */
  void launch(CudaStream stream, Call call) {
    for (int i = 0; i < call.vectors(); i++) {
      arguments.pointer(i, call.deviceAddress(i));
    }
    launchRest(stream, call, call.count());
  }

  /** Launches a call on other vectors than those that it names. */
  void launch(CudaStream stream, Call call, long[] pointers, long count) {
    for (int i = 0; i < call.vectors(); i++) {
      arguments.pointer(i, pointers[i]);
    }
    launchRest(stream, call, count);
  }

  private void launchRest(CudaStream stream, Call call, long count) {
    int next = call.vectors();
    for (int i = 0; i < call.numbers(); i++) {
      arguments.number(next++, call.number(i));
    }
    arguments.count(next, count);
    stream.launch(kernels.get(call.operation()), arguments, count);
  }

  /** Launches the search for an element that is not finite; {@code first} is of the device. */
  void launchSearch(CudaStream stream, Call call, long first) {
    arguments.pointer(0, call.deviceAddress(0));
    arguments.count(1, 0);
    arguments.count(2, call.count());
    arguments.pointer(3, first);
    stream.launch(kernels.get(call.operation()), arguments, call.count());
  }
}
