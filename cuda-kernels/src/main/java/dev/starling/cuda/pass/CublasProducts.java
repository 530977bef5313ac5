package dev.starling.cuda.pass;

import static jcuda.jcublas.cublasOperation.CUBLAS_OP_N;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_T;

import dev.starling.cuda.AddressPointer;
import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaEvent;
import dev.starling.cuda.CudaException;
import dev.starling.cuda.CudaStream;
import dev.starling.cuda.Failures;
import dev.starling.cuda.KernelArguments;
import dev.starling.engine.StarlingException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import jcuda.driver.CUfunction;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

/**
 * Products by cuBLAS through JCublas, in float32 without tensor cores, its default. It sums in an
 * order of its own, so its bits are not the CPU's.
 *
 * <p><b>This class has not run on a device yet</b>: no machine with a GPU and cuBLAS 12 was at
 * hand. Where its results are in doubt, compare with {@code matrix=tiled}.
 *
 * <p>cuBLAS stores column after column, so to it every matrix of ours is its transpose, and the
 * operands change places.
 */
final class CublasProducts implements Products {
  private static final long DRAIN_LIMIT_NS = TimeUnit.SECONDS.toNanos(10);

  private final CudaContext context;
  private final CudaStream stream;
  private final CudaEvent drained;
  private final cublasHandle handle = new cublasHandle();
  private final MemorySegment factors = Arena.ofAuto().allocate(2 * Float.BYTES, Float.BYTES);
  private final AddressPointer one = new AddressPointer().at(factors.address());
  private final AddressPointer zero = new AddressPointer().at(factors.address() + Float.BYTES);
  private final AddressPointer a = new AddressPointer();
  private final AddressPointer b = new AddressPointer();
  private final AddressPointer c = new AddressPointer();
  private final KernelArguments arguments = new KernelArguments(6);
  private final CUfunction activate;
  private final CUfunction clearIdle;
  private boolean closed;

  /** Creates cuBLAS's handle, on the context of the stream. */
  CublasProducts(CudaContext context, CudaStream stream) {
    this.context = context;
    this.stream = stream;
    factors.set(ValueLayout.JAVA_FLOAT, 0, 1f);
    activate = context.function("starling_activate");
    clearIdle = context.function("starling_clearIdle");
    drained = context.newEvent();
    context.bind();
    JCublas2.setExceptionsEnabled(false);
    require(JCublas2.cublasCreate(handle), "creating the handle of cuBLAS");
    int status = JCublas2.cublasSetStream(handle, new cudaStream_t(stream.handle()));
    if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      JCublas2.cublasDestroy(handle);
      require(status, "giving cuBLAS a stream");
    }
  }

  @Override
  public void forward(Layer layer, long x, long z, long poisoned, int batch, boolean hidden) {
    int in = layer.in();
    int out = layer.out();
    multiply(CUBLAS_OP_T, CUBLAS_OP_N, out, batch, in, layer.weight(), in, x, in, z);
    arguments.pointer(0, z);
    arguments.pointer(1, layer.bias());
    arguments.pointer(2, poisoned);
    arguments.count(3, batch);
    arguments.count(4, out);
    arguments.count(5, hidden ? 1 : 0);
    stream.launch(activate, arguments, batch, 1, TiledProducts.BLOCK_THREADS, 0);
  }

  @Override
  public void weightGradient(Layer layer, long dz, long x, int batch) {
    int in = layer.in();
    int out = layer.out();
    multiply(CUBLAS_OP_N, CUBLAS_OP_T, in, out, batch, x, in, dz, out, layer.weightGradient());
  }

  @Override
  public void inputGradient(Layer layer, long dz, long x, long dx, int batch) {
    int in = layer.in();
    int out = layer.out();
    multiply(CUBLAS_OP_N, CUBLAS_OP_N, in, batch, out, layer.weight(), in, dz, out, dx);
    arguments.pointer(0, x);
    arguments.pointer(1, dx);
    arguments.count(2, (long) batch * in);
    stream.launch(clearIdle, arguments, (long) batch * in);
  }

  /** {@code result [rows x columns] = left right}, all column after column. */
  private void multiply(
      int opLeft,
      int opRight,
      int rows,
      int columns,
      int depth,
      long left,
      int leftLine,
      long right,
      int rightLine,
      long result) {
    context.bind();
    require(
        JCublas2.cublasSgemm(
            handle,
            opLeft,
            opRight,
            rows,
            columns,
            depth,
            one,
            a.at(left),
            leftLine,
            b.at(right),
            rightLine,
            zero,
            c.at(result),
            rows),
        "a matrix product of cuBLAS");
  }

  private void require(int status, String doing) {
    if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      throw new StarlingException(
          "%s failed on %s with %s (%d): use matrix=tiled"
              .formatted(doing, context, cublasStatus.stringFor(status), status));
    }
  }

  /** Waits before, since cuBLAS would wait for the device without a bound. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    Failures failures = new Failures();
    try {
      stream.record(drained);
      DeviceWait.until(drained, DRAIN_LIMIT_NS, "the work in flight", context);
    } catch (CudaException failed) {
      // A device that has failed does no more work, so there is nothing to wait for.
      failures = new Failures(failed);
    }
    closed = true;
    failures.run(context::bind);
    failures.run(() -> require(JCublas2.cublasDestroy(handle), "destroying the handle of cuBLAS"));
    failures.throwFirst();
  }
}
