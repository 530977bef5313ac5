// The kernels, compiled from src/main/cuda with a call of __asan_load..., __asan_store... before
// every access to memory (see fake_grid.cpp), and the list of them. A kernel that is missing here
// cannot be launched on the fake driver; FakeKernelsTest compares the list with the PTX.
#include "fake_kernels.h"

#include <type_traits>
#include <utility>

#include "starling.cu"

/** The values of parameters lie with the driver: reading them is no access of the kernel. */
#define UNWATCHED __attribute__((no_sanitize("kernel-address")))

template <class... P, std::size_t... I>
UNWATCHED static void callWith(void (*entry)(), void *const *values, std::index_sequence<I...>) {
  ((void (*)(P...))entry)(*(const P *)values[I]...);
}

/** Not of src/main/cuda: reverses a vector of one block in shared memory, with or without the barrier. */
template <bool BARRIER>
static void reverse(float *x) {
  __shared__ float copy[1024];
  copy[threadIdx.x] = x[threadIdx.x];
  if (BARRIER) {
    __syncthreads();
  }
  x[threadIdx.x] = copy[blockDim.x - 1 - threadIdx.x];
}

template <class... P>
static Kernel describe(const char *name, void (*entry)(P...)) {
  static_assert(sizeof...(P) <= MAX_PARAMETERS, "too many parameters");
  static_assert((std::is_scalar<P>::value && ...), "pointers and numbers only");
  Kernel kernel = {name, sizeof...(P), {sizeof(P)...}, {std::is_pointer<P>::value...}, (void (*)())entry, nullptr};
  kernel.call = [](void (*e)(), void *const *values) UNWATCHED {
    callWith<P...>(e, values, std::index_sequence_for<P...>());
  };
  return kernel;
}

#define KERNEL(name) describe("starling_" #name, starling_##name)

const Kernel fake_kernels[] = {
    describe("fake_reverse", reverse<true>),
    describe("fake_reverseWithoutBarrier", reverse<false>),
    KERNEL(average),
    KERNEL(averageBoth),
    KERNEL(step),
    KERNEL(stepAverage),
    KERNEL(stepAverageBoth),
    KERNEL(momentum),
    KERNEL(nesterov),
    KERNEL(adam),
    KERNEL(scale),
    KERNEL(accumulate),
    KERNEL(addDecay),
    KERNEL(packBf16),
    KERNEL(unpackBf16),
    KERNEL(firstNonFinite),
    KERNEL(copy),
    KERNEL(gather),
    KERNEL(forward32),
    KERNEL(forward64),
    KERNEL(weightGradient32),
    KERNEL(weightGradient64),
    KERNEL(inputGradient32),
    KERNEL(inputGradient64),
    KERNEL(biasGradient),
    KERNEL(poison),
    KERNEL(activate),
    KERNEL(clearIdle),
    KERNEL(softmaxGradient),
    KERNEL(softmaxEvaluate),
};

const int fake_kernel_count = sizeof fake_kernels / sizeof fake_kernels[0];

const Kernel *fake_kernel(const char *name) {
  for (int i = 0; i < fake_kernel_count; i++) {
    if (__builtin_strcmp(fake_kernels[i].name, name) == 0) {
      return &fake_kernels[i];
    }
  }
  return nullptr;
}
