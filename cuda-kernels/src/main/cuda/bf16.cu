// float32 to bfloat16 and back. A bfloat16 is the upper half of a float, two bytes, little endian.
//
//   packBf16     s      = g + r
//                b      = s rounded to eight bits   to nearest, ties to even; subnormals kept; a
//                                                   finite s that would become infinite gives the
//                                                   largest bfloat16 of its sign; NaN gives 0x7fc0
//                packed = b
//                g      = (float) b                 (exact)
//                r      = s - g                     (exact), +0.0 where b is not finite
//
//   unpackBf16   out    = (float) packed            (exact), a NaN's bits too
//
// The rounding is written on bits: the conversion instructions of the hardware round a large finite
// value to infinity.
#include "vectors.cuh"

static const unsigned int KEPT = 0xffff0000u;
static const unsigned int MAGNITUDE = 0x7fffffffu;
static const unsigned int NEARLY_HALF = 0x7fffu;
/** From this magnitude on a float is cut, not rounded: rounded it would be infinite. */
static const unsigned int CUT_FROM = 0x7f7f8000u;
static const unsigned int INFINITE = 0x7f800000u;
static const unsigned int NOT_A_NUMBER = 0x7fc00000u;
static const unsigned int PACKED_QUAD_BYTES = 8;

/** The bits of the rounded float; the lower sixteen are zero. */
static __device__ __forceinline__ unsigned int roundToBf16(float value) {
  unsigned int bits = __float_as_uint(value);
  unsigned int magnitude = bits & MAGNITUDE;
  unsigned int last = (bits >> 16) & 1u;
  unsigned int increment = magnitude < CUT_FROM ? NEARLY_HALF + last : 0u;
  return magnitude > INFINITE ? NOT_A_NUMBER : (bits + increment) & KEPT;
}

/** Whether the quads of a bfloat16 vector are aligned when those of a float vector are. */
static __device__ __forceinline__ bool packedAligned(const unsigned short *packed, Count head) {
  return (unsigned long long)(packed + head) % PACKED_QUAD_BYTES == 0;
}

struct PackBf16 {
  float *g;
  float *r;
  unsigned short *packed;

  __device__ __forceinline__ void one(Count i) const {
    float gradient = g[i];
    float residual = r[i];
    packed[i] = element(gradient, residual);
    g[i] = gradient;
    r[i] = residual;
  }

  template <int N>
  __device__ __forceinline__ void quads(Count i, Count step) const {
    float4 gradient[N];
    float4 residual[N];
#pragma unroll
    for (int n = 0; n < N; n++) {
      gradient[n] = *(const float4 *)(g + i + n * step);
      residual[n] = *(const float4 *)(r + i + n * step);
    }
#pragma unroll
    for (int n = 0; n < N; n++) {
      ushort4 b;
      b.x = element(gradient[n].x, residual[n].x);
      b.y = element(gradient[n].y, residual[n].y);
      b.z = element(gradient[n].z, residual[n].z);
      b.w = element(gradient[n].w, residual[n].w);
      *(ushort4 *)(packed + i + n * step) = b;
      *(float4 *)(g + i + n * step) = gradient[n];
      *(float4 *)(r + i + n * step) = residual[n];
    }
  }

 private:
  /** Packs one element; gradient and residual become what is written back. */
  static __device__ __forceinline__ unsigned short element(float &gradient, float &residual) {
    float s = __fadd_rn(gradient, residual);
    unsigned int b = roundToBf16(s);
    gradient = __uint_as_float(b);
    residual = (b & INFINITE) != INFINITE ? __fsub_rn(s, gradient) : 0.0f;
    return (unsigned short)(b >> 16);
  }
};

struct UnpackBf16 {
  const unsigned short *packed;
  float *out;

  __device__ __forceinline__ void one(Count i) const {
    out[i] = element(packed[i]);
  }

  template <int N>
  __device__ __forceinline__ void quads(Count i, Count step) const {
    ushort4 b[N];
#pragma unroll
    for (int n = 0; n < N; n++) {
      b[n] = *(const ushort4 *)(packed + i + n * step);
    }
#pragma unroll
    for (int n = 0; n < N; n++) {
      *(float4 *)(out + i + n * step) =
          make_float4(element(b[n].x), element(b[n].y), element(b[n].z), element(b[n].w));
    }
  }

 private:
  static __device__ __forceinline__ float element(unsigned short b) {
    return __uint_as_float((unsigned int)b << 16);
  }
};

/** g, r and packed lie apart from one another. */
STARLING_KERNEL starling_packBf16(float *g, float *r, unsigned short *packed, Count count) {
  PackBf16 body = {g, r, packed};
  Count head = headOf(g);
  traverse(count, head, misalignment(r) == misalignment(g) && packedAligned(packed, head), body);
}

/** packed and out lie apart from each other. */
STARLING_KERNEL starling_unpackBf16(const unsigned short *packed, float *out, Count count) {
  UnpackBf16 body = {packed, out};
  Count head = headOf(out);
  traverse(count, head, packedAligned(packed, head), body);
}
