// Lets a C++ compiler take the kernels as they are, so that their formulas and their walk over the
// vectors can be compared with the engine's without a GPU, and so that the fake driver can run them.
// Included before the sources. fake_grid.cpp calls a kernel once for every GPU thread, having set the
// indices below.
//
// __shared__ works for arrays of a fixed size (blocks run one after another): they are the only
// thread-local memory of the library, which is how fake_grid.cpp finds them. "extern __shared__" is not
// supported.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#define __global__
#define __device__
#define __host__
#define __shared__ static thread_local
#define __forceinline__ inline
#define __launch_bounds__(...)

struct Index {
  unsigned int x, y, z;
};
extern Index blockIdx;
extern Index threadIdx;
extern Index blockDim;
extern Index gridDim;

/** Where a thread waits for the others of its block. */
void starling_barrier();

static inline void __syncthreads() { starling_barrier(); }

/** Told of every access to several elements at once: its address must be a multiple of its size. */
void starling_vector_access(const void *p, unsigned long bytes);

/** Four elements that note from where they are read and to where they are written. */
template <class T>
struct Four {
  T x, y, z, w;

  Four() {}
  Four(T x, T y, T z, T w) : x(x), y(y), z(z), w(w) {}
  Four(const Four &from) { *this = from; }
  Four &operator=(const Four &from) {
    starling_vector_access(&from, sizeof(Four));
    starling_vector_access(this, sizeof(Four));
    x = from.x, y = from.y, z = from.z, w = from.w;
    return *this;
  }
};
typedef Four<float> float4;
typedef Four<unsigned int> uint4;
typedef Four<unsigned short> ushort4;

static inline float4 make_float4(float x, float y, float z, float w) {
  return float4(x, y, z, w);
}

static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fsub_rn(float a, float b) { return a - b; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline float __fsqrt_rn(float a) { return std::sqrt(a); }
static inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }

static inline unsigned int __float_as_uint(float a) {
  unsigned int bits;
  memcpy(&bits, &a, sizeof bits);
  return bits;
}

static inline float __uint_as_float(unsigned int bits) {
  float a;
  memcpy(&a, &bits, sizeof a);
  return a;
}

static inline void atomicMin(unsigned long long *p, unsigned long long value) {
  *p = value < *p ? value : *p;
}
