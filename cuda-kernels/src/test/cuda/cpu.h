// Lets a C++ compiler take the kernels as they are, so that their formulas and their walk over the
// vectors can be compared with the engine's without a GPU. Included before the sources. Every GPU
// thread is one call; starling_thread says which one comes next.
#include <cmath>
#include <cstdint>
#include <cstring>

#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(threads)

struct Index {
  unsigned int x;
};
static Index blockIdx;
static Index threadIdx;
static Index blockDim;
static Index gridDim;

extern "C" void starling_thread(unsigned int block, unsigned int blocks, unsigned int thread, unsigned int threads) {
  blockIdx.x = block;
  gridDim.x = blocks;
  threadIdx.x = thread;
  blockDim.x = threads;
}

/** Where the vectors of the test lie: the kernels' own locals may lie anywhere. */
static uintptr_t memoryStart;
static uintptr_t memoryBytes;

extern "C" void starling_memory(const void *start, unsigned long long bytes) {
  memoryStart = (uintptr_t)start;
  memoryBytes = bytes;
}

/** Vector accesses whose address their size does not divide: on a GPU each is an error. */
static long long misaligned;

extern "C" long long starling_misaligned() {
  return misaligned;
}

/** Four elements that note from where they are read and to where they are written. */
template <class T>
struct Four {
  T x, y, z, w;

  Four() {}
  Four(T x, T y, T z, T w) : x(x), y(y), z(z), w(w) {}
  Four(const Four &from) { *this = from; }
  Four &operator=(const Four &from) {
    check(&from);
    check(this);
    x = from.x, y = from.y, z = from.z, w = from.w;
    return *this;
  }

 private:
  static void check(const void *p) {
    bool callers = (uintptr_t)p - memoryStart < memoryBytes;
    misaligned += callers && (uintptr_t)p % sizeof(Four) != 0;
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
