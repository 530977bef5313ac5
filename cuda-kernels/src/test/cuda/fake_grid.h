// Runs one kernel on the CPU, thread after thread, and watches every access that it makes to memory.
#pragma once
#include <cstdint>

#include "fake_kernels.h"

struct GridShape {
  unsigned int gridX, gridY, gridZ, blockX, blockY, blockZ;
};

/** Memory that the kernel may touch. */
struct Window {
  uintptr_t start;
  uint64_t bytes;
  bool host;
};

struct Windows {
  Window of[MAX_PARAMETERS];
  int count;
  /** Bytes that the kernel read or wrote, in device and in host memory. */
  uint64_t deviceBytes, hostBytes;
};

/** Numbers of a block and of a thread in it. */
struct Where {
  unsigned int blockX, blockY, blockZ, threadX, threadY, threadZ;
};

enum class Fault { NONE, ILLEGAL, MISALIGNED };

struct Outcome {
  Fault fault;
  /** The access that was refused: nothing of it has happened. */
  uintptr_t address;
  uint64_t bytes;
  Where at;
};

/** Runs the kernel to its end or to the first fault. Without windows every access is allowed. */
Outcome fake_run_grid(const Kernel &kernel, const GridShape &shape, void *const *values, Windows *windows,
                      uint64_t seed);
