// The average of two vectors.
//
//   s   = x + y
//   out = s * 0.5f
#include "vectors.cuh"

static __device__ __forceinline__ float averageOf(float x, float y) {
  float s = __fadd_rn(x, y);
  return __fmul_rn(s, 0.5f);
}

/** out may be x or y. */
STARLING_KERNEL starling_average(const float *x, const float *y, float *out, Count count) {
  elementwise<2, 1>({x, y}, {out}, count, [](const float (&a)[2], float (&r)[1]) {
    r[0] = averageOf(a[0], a[1]);
  });
}

/** Writes the result twice; each output may be x or y. */
STARLING_KERNEL starling_averageBoth(const float *x, const float *y, float *outX, float *outY, Count count) {
  elementwise<2, 2>({x, y}, {outX, outY}, count, [](const float (&a)[2], float (&r)[2]) {
    r[0] = averageOf(a[0], a[1]);
    r[1] = r[0];
  });
}
