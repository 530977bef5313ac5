/*
 * What a C programmer would write for the kernels of dev.starling.engine.kernel: the same formulas,
 * the same memory traffic, left to the compiler to vectorise. KernelBenchmark compiles this with
 *   gcc -O3 -march=native -ffp-contract=off
 * and not with -ffast-math, so results are the same bits.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

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

static inline uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

void pack_bf16(float *restrict g, float *restrict r, uint16_t *restrict packed, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    float s = g[i] + r[i];
    uint32_t bits = bits_of(s);
    uint32_t magnitude = bits & 0x7fffffff;
    uint32_t increment = magnitude < 0x7f7f8000 ? 0x7fff + (bits >> 16 & 1) : 0;
    uint32_t b = magnitude > 0x7f800000 ? 0x7fc00000 : (bits + increment) & 0xffff0000;
    g[i] = float_of(b);
    r[i] = magnitude < 0x7f800000 ? s - float_of(b) : 0.0f;
    packed[i] = (uint16_t)(b >> 16);
  }
}

void unpack_bf16(const uint16_t *restrict packed, float *restrict out, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = float_of((uint32_t)packed[i] << 16);
  }
}

/* What the memory gives, as STREAM asks: the traffic of copy, scale, add and triad. */
void scale(const float *restrict x, float *restrict out, float factor, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = factor * x[i];
  }
}

void add(const float *restrict x, const float *restrict y, float *restrict out, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = x[i] + y[i];
  }
}

void triad(const float *restrict x, const float *restrict y, float *restrict out, float factor,
           int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = x[i] + factor * y[i];
  }
}

/* A call that does nothing, and as many of them from C, through a pointer that the compiler cannot follow. */
void nothing(void) {}

void call_nothing(int64_t times) {
  void (*volatile pointer)(void) = nothing;
  for (int64_t i = 0; i < times; i++) {
    pointer();
  }
}

void copy(const float *restrict x, float *restrict out, int64_t count) {
  memcpy(out, x, (size_t)count * sizeof(float));
}
