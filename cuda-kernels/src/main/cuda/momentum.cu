// Momentum, in place.
//
//   momentum   v = fma(mu, v, g)
//
//   nesterov   v = fma(mu, v, g)
//              g = fma(mu, v, g)      of the new v; g becomes the update
#include "vectors.cuh"

STARLING_KERNEL starling_momentum(float *v, const float *g, float mu, Count count) {
  elementwise<2, 1>({v, g}, {v}, count, [=](const float (&a)[2], float (&r)[1]) {
    r[0] = __fmaf_rn(mu, a[0], a[1]);
  });
}

STARLING_KERNEL starling_nesterov(float *v, float *g, float mu, Count count) {
  elementwise<2, 2>({v, g}, {v, g}, count, [=](const float (&a)[2], float (&r)[2]) {
    float velocity = __fmaf_rn(mu, a[0], a[1]);
    r[0] = velocity;
    r[1] = __fmaf_rn(mu, velocity, a[1]);
  });
}
