// How a grid walks over vectors of floats, and how an elementwise formula is applied on the way.
//
//   floats   |h h|q q q q|q q q q| ... |q q q q|t|        h head, q quad of 16 bytes, t tail
//                ^ first address that 16 divides
//
// Head and tail are done float by float, the quads with 16-byte loads and stores. The vectors of one
// call can have different alignments modulo 16: then no quad is aligned in all of them, and every
// element is done by itself. Indices and counts are 64 bits. The grid may have any shape of one
// dimension: each thread starts at its own number and advances by the number of threads.
//
// An output may be exactly the same range as an input (the host refuses a partial overlap), so no
// pointer is declared restricted and nothing is read through the read-only cache. A thread reads
// only elements that it writes itself, hence the order of the elements does not matter.
#pragma once

typedef unsigned long long Count;

/** The most threads of a block; the host launches blocks of this size. */
#define STARLING_BLOCK 256

/** Entry points have plain names, so that the host can find them in the module. */
#define STARLING_KERNEL extern "C" __global__ void __launch_bounds__(STARLING_BLOCK)

static const int QUAD = 4;
static const unsigned long long QUAD_BYTES = 16;

/** Quads in flight per thread and vector: all are loaded before the first is used. */
static const int QUADS_IN_FLIGHT = 2;

static __device__ __forceinline__ Count threadNumber() {
  return (Count)blockIdx.x * blockDim.x + threadIdx.x;
}

static __device__ __forceinline__ Count threadCount() {
  return (Count)gridDim.x * blockDim.x;
}

/** Bytes from the last address that 16 divides to this one. */
static __device__ __forceinline__ unsigned int misalignment(const void *p) {
  return (unsigned int)((unsigned long long)p % QUAD_BYTES);
}

/** Floats before the first quad of a vector. */
static __device__ __forceinline__ Count headOf(const float *p) {
  return ((QUAD_BYTES - misalignment(p)) % QUAD_BYTES) / sizeof(float);
}

/**
 * Calls body.one(i) for single elements and body.quads<N>(i, step) for the N quads that start at
 * i, i + step, ... Every index below count is visited once, by one thread.
 *
 * quadsAligned: whether the element with index head is aligned as a quad in every vector.
 */
template <class Body>
static __device__ __forceinline__ void traverse(Count count, Count head, bool quadsAligned, const Body &body) {
  const Count first = threadNumber();
  const Count stride = threadCount();
  if (!quadsAligned || count <= head) {
    for (Count i = first; i < count; i += stride) {
      body.one(i);
    }
    return;
  }
  for (Count i = first; i < head; i += stride) {
    body.one(i);
  }
  const Count quads = (count - head) / QUAD;
  Count q = first;
  while (q + (QUADS_IN_FLIGHT - 1) * stride < quads) {
    body.template quads<QUADS_IN_FLIGHT>(head + QUAD * q, QUAD * stride);
    q += QUADS_IN_FLIGHT * stride;
  }
  for (; q < quads; q += stride) {
    body.template quads<1>(head + QUAD * q, QUAD * stride);
  }
  for (Count i = head + QUAD * quads + first; i < count; i += stride) {
    body.one(i);
  }
}

/** Applies formula(inputs of one element, outputs of one element) to whole vectors. */
template <int IN, int OUT, class Formula>
struct Elementwise {
  const float *in[IN];
  float *out[OUT];
  Formula formula;

  __device__ __forceinline__ void one(Count i) const {
    float a[IN];
    float r[OUT];
#pragma unroll
    for (int k = 0; k < IN; k++) {
      a[k] = in[k][i];
    }
    formula(a, r);
#pragma unroll
    for (int k = 0; k < OUT; k++) {
      out[k][i] = r[k];
    }
  }

  template <int N>
  __device__ __forceinline__ void quads(Count i, Count step) const {
    float4 a[N][IN];
#pragma unroll
    for (int n = 0; n < N; n++) {
#pragma unroll
      for (int k = 0; k < IN; k++) {
        a[n][k] = *(const float4 *)(in[k] + i + n * step);
      }
    }
#pragma unroll
    for (int n = 0; n < N; n++) {
      storeQuad(a[n], i + n * step);
    }
  }

 private:
  __device__ __forceinline__ void storeQuad(const float4 (&a)[IN], Count i) const {
    float lane[QUAD][IN];
    float r[QUAD][OUT];
#pragma unroll
    for (int k = 0; k < IN; k++) {
      lane[0][k] = a[k].x;
      lane[1][k] = a[k].y;
      lane[2][k] = a[k].z;
      lane[3][k] = a[k].w;
    }
#pragma unroll
    for (int l = 0; l < QUAD; l++) {
      formula(lane[l], r[l]);
    }
#pragma unroll
    for (int k = 0; k < OUT; k++) {
      *(float4 *)(out[k] + i) = make_float4(r[0][k], r[1][k], r[2][k], r[3][k]);
    }
  }
};

/** Runs an elementwise formula over vectors of count floats. */
template <int IN, int OUT, class Formula>
static __device__ __forceinline__ void elementwise(
    const float *const (&in)[IN], float *const (&out)[OUT], Count count, const Formula &formula) {
  Elementwise<IN, OUT, Formula> body = {{}, {}, formula};
  const unsigned int offset = misalignment(out[0]);
  bool same = true;
#pragma unroll
  for (int k = 0; k < IN; k++) {
    body.in[k] = in[k];
    same = same && misalignment(in[k]) == offset;
  }
#pragma unroll
  for (int k = 0; k < OUT; k++) {
    body.out[k] = out[k];
    same = same && misalignment(out[k]) == offset;
  }
  traverse(count, headOf(out[0]), same, body);
}
