// Fully connected layers, forward and backward. Matrices are stored row after row without gaps:
//
//   x  [batch x in]   inputs of a layer        w    [out x in]  weight       bias [out]
//   z  [batch x out]  its outputs              dw   [out x in]  gradient of the weight
//   dz [batch x out]  gradient of its sums     dx   [batch x in] gradient of its inputs
//
// The names end in the side of the tile: 64 for large matrices, 32 for those that would otherwise
// leave most multiprocessors idle. Both give the same bits, which are those of the CPU.
#include "product.cuh"

/** x = rows of the data set; a row starts at element offsets[b] of features. */
STARLING_KERNEL starling_gather(
    const float *features, const unsigned int *offsets, float *x, Count batch, Count in) {
  for (Count b = blockIdx.x; b < batch; b += gridDim.x) {
    const float *from = features + offsets[b];
    float *to = x + b * in;
    for (Count i = threadIdx.x; i < in; i += blockDim.x) {
      to[i] = from[i];
    }
  }
}

/** max(0, sum) if hidden, else the sum; sets *poisoned if the sum is not finite. */
static __device__ __forceinline__ float activate(float sum, unsigned int *poisoned, Count hidden) {
  // 0 for every finite sum, NaN for the others.
  if (__fmul_rn(sum, 0.0f) != 0.0f) {
    *poisoned = 1;
  }
  return hidden != 0 && !(sum > 0.0f) ? 0.0f : sum;
}

/** z = x w^T + bias, then max(0, z) if hidden; sets *poisoned where a sum is not finite. */
template <int PER>
static __device__ __forceinline__ void forward(
    const float *x, const float *w, const float *bias, float *z, unsigned int *poisoned, Count batch,
    Count in, Count out, Count hidden) {
  product<PER>(
      Operand<true>{x, batch, in},
      Operand<true>{w, out, in},
      [=](Count o) { return bias[o]; },
      [=](Count b, Count o, float sum) {
        z[b * out + o] = activate(sum, poisoned, hidden);
      });
}

STARLING_KERNEL starling_forward32(
    const float *x, const float *w, const float *bias, float *z, unsigned int *poisoned, Count batch,
    Count in, Count out, Count hidden) {
  forward<2>(x, w, bias, z, poisoned, batch, in, out, hidden);
}

STARLING_KERNEL starling_forward64(
    const float *x, const float *w, const float *bias, float *z, unsigned int *poisoned, Count batch,
    Count in, Count out, Count hidden) {
  forward<4>(x, w, bias, z, poisoned, batch, in, out, hidden);
}

/** dw = dz^T x */
template <int PER>
static __device__ __forceinline__ void weightGradient(
    const float *dz, const float *x, float *dw, Count batch, Count in, Count out) {
  product<PER>(
      Operand<false>{dz, out, batch},
      Operand<false>{x, in, batch},
      [](Count) { return 0.0f; },
      [=](Count o, Count i, float sum) { dw[o * in + i] = sum; });
}

STARLING_KERNEL starling_weightGradient32(
    const float *dz, const float *x, float *dw, Count batch, Count in, Count out) {
  weightGradient<2>(dz, x, dw, batch, in, out);
}

STARLING_KERNEL starling_weightGradient64(
    const float *dz, const float *x, float *dw, Count batch, Count in, Count out) {
  weightGradient<4>(dz, x, dw, batch, in, out);
}

/** dx = dz w where the input x, which a ReLU made, is above zero, else 0. */
template <int PER>
static __device__ __forceinline__ void inputGradient(
    const float *dz, const float *w, const float *x, float *dx, Count batch, Count in, Count out) {
  product<PER>(
      Operand<true>{dz, batch, out},
      Operand<false>{w, in, out},
      [](Count) { return 0.0f; },
      [=](Count b, Count i, float sum) { dx[b * in + i] = x[b * in + i] > 0.0f ? sum : 0.0f; });
}

STARLING_KERNEL starling_inputGradient32(
    const float *dz, const float *w, const float *x, float *dx, Count batch, Count in, Count out) {
  inputGradient<2>(dz, w, x, dx, batch, in, out);
}

STARLING_KERNEL starling_inputGradient64(
    const float *dz, const float *w, const float *x, float *dx, Count batch, Count in, Count out) {
  inputGradient<4>(dz, w, x, dx, batch, in, out);
}

/** db = sum over the batch of dz, sample after sample. */
STARLING_KERNEL starling_biasGradient(const float *dz, float *db, Count batch, Count out) {
  for (Count o = threadNumber(); o < out; o += threadCount()) {
    float sum = 0.0f;
#pragma unroll 8
    for (Count b = 0; b < batch; b++) {
      sum = __fadd_rn(sum, dz[b * out + o]);
    }
    db[o] = sum;
  }
}

/** Makes a vector NaN when *poisoned is set, else leaves it alone. */
STARLING_KERNEL starling_poison(const unsigned int *poisoned, float *x, Count count) {
  if (*poisoned == 0) {
    return;
  }
  for (Count i = threadNumber(); i < count; i += threadCount()) {
    x[i] = __uint_as_float(0x7fc00000u);
  }
}

/** z = z + bias, then max(0, z) if hidden, with the mark: after a library's product. */
STARLING_KERNEL starling_activate(
    float *z, const float *bias, unsigned int *poisoned, Count batch, Count out, Count hidden) {
  for (Count b = blockIdx.x; b < batch; b += gridDim.x) {
    for (Count o = threadIdx.x; o < out; o += blockDim.x) {
      float sum = __fadd_rn(z[b * out + o], bias[o]);
      z[b * out + o] = activate(sum, poisoned, hidden);
    }
  }
}

/** dx = 0 where the input x is not above zero: after a library's product. */
STARLING_KERNEL starling_clearIdle(const float *x, float *dx, Count count) {
  for (Count i = threadNumber(); i < count; i += threadCount()) {
    dx[i] = x[i] > 0.0f ? dx[i] : 0.0f;
  }
}
