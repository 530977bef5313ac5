// Finds the first NaN or infinity.
#include "vectors.cuh"

static const unsigned int EXPONENT = 0x7f800000u;

static __device__ __forceinline__ bool isFinite(unsigned int bits) {
  return (bits & EXPONENT) != EXPONENT;
}

/** Keeps the lowest index that a thread has seen; looks at bits, so that nothing is computed. */
struct FirstNonFinite {
  const float *x;
  Count *found;

  __device__ __forceinline__ void one(Count i) const {
    if (!isFinite(__float_as_uint(x[i]))) {
      report(i);
    }
  }

  template <int N>
  __device__ __forceinline__ void quads(Count i, Count step) const {
    uint4 a[N];
#pragma unroll
    for (int n = 0; n < N; n++) {
      a[n] = *(const uint4 *)(x + i + n * step);
    }
#pragma unroll
    for (int n = 0; n < N; n++) {
      if (!(isFinite(a[n].x) && isFinite(a[n].y) && isFinite(a[n].z) && isFinite(a[n].w))) {
        unsigned int k = !isFinite(a[n].x) ? 0 : !isFinite(a[n].y) ? 1 : !isFinite(a[n].z) ? 2 : 3;
        report(i + n * step + k);
      }
    }
  }

 private:
  __device__ __forceinline__ void report(Count i) const {
    *found = i < *found ? i : *found;
  }
};

/**
 * Lowers *first to base plus the index of the first element that is not finite. The host sets *first
 * to all ones before, which is also what stays there when all are finite: -1 as a signed number.
 * base is the index of x[0] in the vector that the caller means, for one that comes in chunks.
 *
 * first points to device memory: an atomic on mapped host memory is none for the CPU.
 */
STARLING_KERNEL starling_firstNonFinite(const float *x, Count base, Count count, Count *first) {
  const Count none = ~0ull;
  Count lowest = none;
  FirstNonFinite body = {x, &lowest};
  traverse(count, headOf(x), true, body);
  if (lowest != none) {
    atomicMin(first, base + lowest);
  }
}
