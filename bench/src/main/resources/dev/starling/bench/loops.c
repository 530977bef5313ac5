/*
 * What a C programmer would write for the kernels of dev.starling.engine.kernel: the same formulas,
 * the same memory traffic, left to the compiler to vectorise. KernelBenchmark compiles this with
 *   gcc -O3 -march=native -ffp-contract=off
 * and not with -ffast-math, so results are the same bits.
 */
#include <math.h>
#include <stdint.h>

void average(const float *restrict x, const float *restrict y, float *restrict out, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = (x[i] + y[i]) * 0.5f;
  }
}

void average_both(const float *restrict x, const float *restrict y, float *restrict out_x,
                  float *restrict out_y, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    float m = (x[i] + y[i]) * 0.5f;
    out_x[i] = m;
    out_y[i] = m;
  }
}

void step(const float *restrict x, const float *restrict u, float *restrict out, float learning_rate,
          float keep, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = fmaf(-learning_rate, u[i], x[i] * keep);
  }
}

void step_average_both(const float *restrict x, const float *restrict u, const float *restrict y,
                       float *restrict out_x, float *restrict out_y, float learning_rate, float keep,
                       int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    float a = fmaf(-learning_rate, u[i], x[i] * keep);
    float m = (a + y[i]) * 0.5f;
    out_x[i] = m;
    out_y[i] = m;
  }
}

void momentum(float *restrict v, const float *restrict g, float mu, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    v[i] = fmaf(mu, v[i], g[i]);
  }
}
