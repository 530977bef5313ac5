// What happens to a gradient before the optimizer sees it, in place.
//
//   scale        x   = x * s
//   accumulate   acc = acc + g
//   addDecay     g   = fma(decay, x, g)
#include "vectors.cuh"

STARLING_KERNEL starling_scale(float *x, float s, Count count) {
  elementwise<1, 1>({x}, {x}, count, [=](const float (&a)[1], float (&r)[1]) {
    r[0] = __fmul_rn(a[0], s);
  });
}

STARLING_KERNEL starling_accumulate(float *acc, const float *g, Count count) {
  elementwise<2, 1>({acc, g}, {acc}, count, [](const float (&a)[2], float (&r)[1]) {
    r[0] = __fadd_rn(a[0], a[1]);
  });
}

STARLING_KERNEL starling_addDecay(float *g, const float *x, float decay, Count count) {
  elementwise<2, 1>({g, x}, {g}, count, [=](const float (&a)[2], float (&r)[1]) {
    r[0] = __fmaf_rn(decay, a[1], a[0]);
  });
}
