// The step of an optimizer, alone and fused with the average that follows it.
//
//   step          t   = x * keep                 keep = 1 - decay, computed by the host
//                 out = fma(-learningRate, u, t)
//
//   stepAverage   a   = the step
//                 s   = a + y
//                 out = s * 0.5f
#include "vectors.cuh"

static __device__ __forceinline__ float stepOf(float x, float u, float learningRate, float keep) {
  float t = __fmul_rn(x, keep);
  return __fmaf_rn(-learningRate, u, t);
}

static __device__ __forceinline__ float stepAverageOf(float x, float u, float y, float learningRate, float keep) {
  float a = stepOf(x, u, learningRate, keep);
  float s = __fadd_rn(a, y);
  return __fmul_rn(s, 0.5f);
}

/** out may be x or u. */
STARLING_KERNEL starling_step(
    const float *x, const float *u, float *out, float learningRate, float keep, Count count) {
  elementwise<2, 1>({x, u}, {out}, count, [=](const float (&a)[2], float (&r)[1]) {
    r[0] = stepOf(a[0], a[1], learningRate, keep);
  });
}

/** out may be x, u or y. */
STARLING_KERNEL starling_stepAverage(
    const float *x, const float *u, const float *y, float *out, float learningRate, float keep, Count count) {
  elementwise<3, 1>({x, u, y}, {out}, count, [=](const float (&a)[3], float (&r)[1]) {
    r[0] = stepAverageOf(a[0], a[1], a[2], learningRate, keep);
  });
}

/** Writes the result twice; each output may be x, u or y. */
STARLING_KERNEL starling_stepAverageBoth(
    const float *x, const float *u, const float *y, float *outX, float *outY, float learningRate, float keep,
    Count count) {
  elementwise<3, 2>({x, u, y}, {outX, outY}, count, [=](const float (&a)[3], float (&r)[2]) {
    r[0] = stepAverageOf(a[0], a[1], a[2], learningRate, keep);
    r[1] = r[0];
  });
}
