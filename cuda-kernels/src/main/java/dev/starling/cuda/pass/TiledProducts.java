package dev.starling.cuda.pass;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaStream;
import dev.starling.cuda.KernelArguments;
import jcuda.driver.CUfunction;

/**
 * The module's own kernels. A product with at least as many large tiles as the device has
 * multiprocessors takes large ones, else small ones; both give the same bits.
 */
final class TiledProducts implements Products {
  static final int BLOCK_THREADS = 256;
  private static final int LARGE = 64;
  private static final int SMALL = 32;

  private final CudaStream stream;
  private final int multiprocessors;
  private final KernelArguments arguments = new KernelArguments(9);
  private final CUfunction[] forward;
  private final CUfunction[] weightGradient;
  private final CUfunction[] inputGradient;

  /** Looks the kernels up. */
  TiledProducts(CudaContext context, CudaStream stream) {
    this.stream = stream;
    multiprocessors = context.multiprocessors();
    forward = both(context, "starling_forward");
    weightGradient = both(context, "starling_weightGradient");
    inputGradient = both(context, "starling_inputGradient");
  }

  private static CUfunction[] both(CudaContext context, String name) {
    return new CUfunction[] {context.function(name + SMALL), context.function(name + LARGE)};
  }

  @Override
  public void forward(Layer layer, long x, long z, long poisoned, int batch, boolean hidden) {
    arguments.pointer(0, x);
    arguments.pointer(1, layer.weight());
    arguments.pointer(2, layer.bias());
    arguments.pointer(3, z);
    arguments.pointer(4, poisoned);
    sizes(5, layer, batch);
    arguments.count(8, hidden ? 1 : 0);
    launch(forward, batch, layer.out());
  }

  @Override
  public void weightGradient(Layer layer, long dz, long x, int batch) {
    arguments.pointer(0, dz);
    arguments.pointer(1, x);
    arguments.pointer(2, layer.weightGradient());
    sizes(3, layer, batch);
    launch(weightGradient, layer.out(), layer.in());
  }

  @Override
  public void inputGradient(Layer layer, long dz, long x, long dx, int batch) {
    arguments.pointer(0, dz);
    arguments.pointer(1, layer.weight());
    arguments.pointer(2, x);
    arguments.pointer(3, dx);
    sizes(4, layer, batch);
    launch(inputGradient, batch, layer.in());
  }

  private void sizes(int index, Layer layer, int batch) {
    arguments.count(index, batch);
    arguments.count(index + 1, layer.in());
    arguments.count(index + 2, layer.out());
  }

  private void launch(CUfunction[] kernels, long rows, long columns) {
    long large = tiles(rows, columns, LARGE);
    boolean enough = large >= multiprocessors;
    long tiles = enough ? large : tiles(rows, columns, SMALL);
    int grid = (int) Math.min(tiles, Integer.MAX_VALUE);
    stream.launch(kernels[enough ? 1 : 0], arguments, grid, 1, BLOCK_THREADS, 0);
  }

  private static long tiles(long rows, long columns, int side) {
    return ((rows + side - 1) / side) * ((columns + side - 1) / side);
  }
}
