package dev.starling.cuda.pass;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaStream;
import dev.starling.cuda.KernelArguments;
import jcuda.driver.CUfunction;

/**
 * Submits forward and backward of all layers to a pass's stream. Belongs to the thread of its pass;
 * allocates nothing.
 */
final class LayerKernels implements AutoCloseable {
  private static final int MAX_THREADS = 256;
  private static final int WARP = 32;

  private final CudaStream stream;
  private final DenseShape shape;
  private final PassMemory memory;
  private final Products products;
  private final Products.Layer[] layers;
  private final KernelArguments arguments = new KernelArguments(6);
  private final CUfunction gather;
  private final CUfunction softmaxGradient;
  private final CUfunction softmaxEvaluate;
  private final CUfunction biasGradient;
  private final CUfunction poison;

  /** Looks the kernels up and opens the products. */
  LayerKernels(
      CudaContext context,
      CudaStream stream,
      DenseShape shape,
      PassMemory memory,
      ProductsChoice choice) {
    this.stream = stream;
    this.shape = shape;
    this.memory = memory;
    layers = new Products.Layer[shape.layers()];
    for (int i = 0; i < layers.length; i++) {
      layers[i] =
          new Products.Layer(
              shape.in(i),
              shape.out(i),
              memory.parameters() + shape.weightBytes(i),
              memory.parameters() + shape.biasBytes(i),
              memory.gradient() + shape.weightBytes(i),
              memory.gradient() + shape.biasBytes(i));
    }
    gather = context.function("starling_gather");
    softmaxGradient = context.function("starling_softmaxGradient");
    softmaxEvaluate = context.function("starling_softmaxEvaluate");
    biasGradient = context.function("starling_biasGradient");
    poison = context.function("starling_poison");
    // The last step, since nobody would close them.
    products = choice.open(context, stream);
  }

  /** Fills x with the batch's rows of the features. */
  void gather(long features, int batch) {
    arguments.pointer(0, features);
    arguments.pointer(1, memory.indices());
    arguments.pointer(2, memory.x());
    arguments.count(3, batch);
    arguments.count(4, shape.inputs());
    stream.launch(gather, arguments, batch, 1, MAX_THREADS, 0);
  }

  /** Computes the logits, and marks sums that are not finite. */
  void forward(int batch) {
    stream.fill32(memory.results(), 0, 1);
    for (int i = 0; i < layers.length; i++) {
      products.forward(
          layers[i], input(i), memory.z(i), memory.results(), batch, i < layers.length - 1);
    }
  }

  /** Computes the terms of the loss and the whole gradient from the logits. */
  void backward(long labels, int batch) {
    int last = layers.length - 1;
    arguments.pointer(0, memory.z(last));
    arguments.pointer(1, labels);
    arguments.pointer(2, memory.dz(last));
    arguments.pointer(3, memory.results() + PassMemory.TERMS);
    arguments.count(4, batch);
    arguments.count(5, shape.classes());
    launchSoftmax(softmaxGradient, batch);
    for (int i = last; i >= 0; i--) {
      biasGradient(layers[i], memory.dz(i), batch);
      products.weightGradient(layers[i], memory.dz(i), input(i), batch);
      if (i > 0) {
        products.inputGradient(layers[i], memory.dz(i), input(i), memory.dz(i - 1), batch);
      }
    }
    arguments.pointer(0, memory.results());
    arguments.pointer(1, memory.gradient());
    arguments.count(2, shape.parameterCount());
    stream.launch(poison, arguments, shape.parameterCount());
  }

  /** Computes the terms of the loss and the hits from the logits. */
  void evaluate(long labels, int batch) {
    arguments.pointer(0, memory.z(layers.length - 1));
    arguments.pointer(1, labels);
    arguments.pointer(2, memory.results() + PassMemory.TERMS);
    arguments.pointer(3, memory.results() + memory.hits());
    arguments.count(4, batch);
    arguments.count(5, shape.classes());
    launchSoftmax(softmaxEvaluate, batch);
  }

  private long input(int layer) {
    return layer == 0 ? memory.x() : memory.z(layer - 1);
  }

  private void biasGradient(Products.Layer layer, long dz, int batch) {
    arguments.pointer(0, dz);
    arguments.pointer(1, layer.biasGradient());
    arguments.count(2, batch);
    arguments.count(3, layer.out());
    stream.launch(biasGradient, arguments, layer.out());
  }

  private void launchSoftmax(CUfunction kernel, int batch) {
    int threads = Math.min(MAX_THREADS, (shape.classes() + WARP - 1) / WARP * WARP);
    stream.launch(kernel, arguments, batch, 1, threads, 0);
  }

  /** Closes the products. */
  @Override
  public void close() {
    products.close();
  }
}
