// One step of Adam, in place: both moments advance and the gradient becomes the update.
//
//   b1 = 1 - beta1                once per call, in float
//   b2 = 1 - beta2                once per call, in float
//   t  = g * b1
//   m  = fma(beta1, m, t)
//   q  = g * g
//   q  = q * b2
//   v  = fma(beta2, v, q)
//   mh = m * c1                   c1 = 1 / (1 - beta1^step), computed by the host
//   vh = v * c2                   c2 = 1 / (1 - beta2^step), computed by the host
//   d  = sqrt(vh)                 correctly rounded
//   d  = d + epsilon
//   g  = mh / d                   correctly rounded
#include "vectors.cuh"

STARLING_KERNEL starling_adam(
    float *m, float *v, float *g, float beta1, float beta2, float c1, float c2, float epsilon, Count count) {
  const float b1 = __fsub_rn(1.0f, beta1);
  const float b2 = __fsub_rn(1.0f, beta2);
  elementwise<3, 3>({m, v, g}, {m, v, g}, count, [=](const float (&a)[3], float (&r)[3]) {
    float t = __fmul_rn(a[2], b1);
    float first = __fmaf_rn(beta1, a[0], t);
    float q = __fmul_rn(a[2], a[2]);
    q = __fmul_rn(q, b2);
    float second = __fmaf_rn(beta2, a[1], q);
    float mh = __fmul_rn(first, c1);
    float vh = __fmul_rn(second, c2);
    float d = __fsqrt_rn(vh);
    d = __fadd_rn(d, epsilon);
    r[0] = first;
    r[1] = second;
    r[2] = __fdiv_rn(mh, d);
  });
}
