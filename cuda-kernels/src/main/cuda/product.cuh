// A matrix product in tiles, for any sizes.
//
//   sum(r, c) = start(r, c) + a(r, 0) b(c, 0) + a(r, 1) b(c, 1) + ...      r < rows, c < columns
//
// Every sum is one accumulator to which the terms are added in this order, each with one fused
// multiply-add, whatever the tile: hence the bits are those of the engine's models on the CPU, and
// the depth is never shared among threads.
//
//                 columns of the tile, 16 * PER
//                +-------------------------------+
//   rows of the  |  each of 16 x 16 threads has  |     per step, DEPTH lines of a and of b go
//   tile,        |  PER x PER sums in registers  |     through shared memory; the lines of the
//   16 * PER     |                               |     next step are on their way meanwhile
//                +-------------------------------+
//
// A block takes tiles blockIdx.x, blockIdx.x + gridDim.x, ... It must have STARLING_BLOCK threads.
#pragma once
#include "vectors.cuh"

static const int TILE_THREADS = 16;

/** Elements of one operand that a thread brings in per step. */
static const int FETCHED = 4;

/** One operand; lines are the rows of a or the columns of b. */
template <bool DEPTH_CONTIGUOUS>
struct Operand {
  const float *data;
  Count lines;
  Count depth;

  /** An element, or what stands for one outside of the matrix. */
  __device__ __forceinline__ float at(Count line, Count k, float outside) const {
    if (line >= lines || k >= depth) {
      return outside;
    }
    return data[DEPTH_CONTIGUOUS ? line * depth + k : k * lines + line];
  }
};

/** One operand's part in a tile: registers on the way in, then shared memory. */
template <int PER, bool DEPTH_CONTIGUOUS>
struct Strip {
  static const int TILE = TILE_THREADS * PER;
  static const int DEPTH = FETCHED * STARLING_BLOCK / TILE;
  static const int LINE = TILE + PER;

  float fetched[FETCHED];

  static __device__ __forceinline__ int lineOf(int e) {
    return DEPTH_CONTIGUOUS ? e / DEPTH : e % TILE;
  }

  static __device__ __forceinline__ int depthOf(int e) {
    return DEPTH_CONTIGUOUS ? e % DEPTH : e / TILE;
  }

  __device__ __forceinline__ void fetch(
      const Operand<DEPTH_CONTIGUOUS> &operand, Count line, Count k, float outside) {
#pragma unroll
    for (int j = 0; j < FETCHED; j++) {
      int e = (int)threadIdx.x + j * STARLING_BLOCK;
      fetched[j] = operand.at(line + lineOf(e), k + depthOf(e), outside);
    }
  }

  __device__ __forceinline__ void put(float (*shared)[LINE]) const {
#pragma unroll
    for (int j = 0; j < FETCHED; j++) {
      int e = (int)threadIdx.x + j * STARLING_BLOCK;
      shared[depthOf(e)][lineOf(e)] = fetched[j];
    }
  }
};

/** Adds the products of one step to the sums of a thread. */
template <int PER, int DEPTH, int LINE>
static __device__ __forceinline__ void addStep(
    const float (*a)[LINE], const float (*b)[LINE], int row, int column, float (&sum)[PER][PER]) {
#pragma unroll
  for (int k = 0; k < DEPTH; k++) {
    float x[PER];
    float y[PER];
#pragma unroll
    for (int i = 0; i < PER; i++) {
      x[i] = a[k][row + i];
      y[i] = b[k][column + i];
    }
#pragma unroll
    for (int i = 0; i < PER; i++) {
#pragma unroll
      for (int j = 0; j < PER; j++) {
        sum[i][j] = __fmaf_rn(x[i], y[j], sum[i][j]);
      }
    }
  }
}

/** Calls finish(r, c, sum) once for every element of the product, by one thread. */
template <int PER, bool A_CONTIGUOUS, bool B_CONTIGUOUS, class Start, class Finish>
static __device__ __forceinline__ void product(
    const Operand<A_CONTIGUOUS> &a, const Operand<B_CONTIGUOUS> &b, const Start &start, const Finish &finish) {
  typedef Strip<PER, A_CONTIGUOUS> A;
  typedef Strip<PER, B_CONTIGUOUS> B;
  alignas(16) __shared__ float sharedA[A::DEPTH][A::LINE];
  alignas(16) __shared__ float sharedB[B::DEPTH][B::LINE];
  const int row = (int)threadIdx.x / TILE_THREADS * PER;
  const int column = (int)threadIdx.x % TILE_THREADS * PER;
  const Count across = (b.lines + A::TILE - 1) / A::TILE;
  const Count tiles = (a.lines + A::TILE - 1) / A::TILE * across;
  for (Count tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const Count top = tile / across * A::TILE;
    const Count left = tile % across * A::TILE;
    float sum[PER][PER];
#pragma unroll
    for (int i = 0; i < PER; i++) {
#pragma unroll
      for (int j = 0; j < PER; j++) {
        sum[i][j] = left + column + j < b.lines ? start(left + column + j) : 0.0f;
      }
    }
    A stripA;
    B stripB;
    // Beyond the depth a term is -0 * 0 = -0, which leaves every sum as it is, -0 included.
    stripA.fetch(a, top, 0, -0.0f);
    stripB.fetch(b, left, 0, 0.0f);
    for (Count k = 0; k < a.depth; k += A::DEPTH) {
      __syncthreads();
      stripA.put(sharedA);
      stripB.put(sharedB);
      __syncthreads();
      if (k + A::DEPTH < a.depth) {
        stripA.fetch(a, top, k + A::DEPTH, -0.0f);
        stripB.fetch(b, left, k + A::DEPTH, 0.0f);
      }
      addStep<PER, A::DEPTH, A::LINE>(sharedA, sharedB, row, column, sum);
    }
#pragma unroll
    for (int i = 0; i < PER; i++) {
#pragma unroll
      for (int j = 0; j < PER; j++) {
        if (top + row + i < a.lines && left + column + j < b.lines) {
          finish(top + row + i, left + column + j, sum[i][j]);
        }
      }
    }
  }
}
