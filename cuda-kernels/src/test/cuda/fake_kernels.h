// What the fake driver knows of a kernel: its name, its parameters and how to call it.
#pragma once
#include <cstddef>
#include <cstdint>

static const int MAX_PARAMETERS = 16;

struct Kernel {
  const char *name;
  int parameters;
  unsigned char bytes[MAX_PARAMETERS];
  bool pointer[MAX_PARAMETERS];
  void (*entry)();
  /** Calls the entry as one GPU thread; values[i] points to the value of parameter i. */
  void (*call)(void (*entry)(), void *const *values);
};

/** All kernels; see fake_kernels.cpp. */
extern const Kernel fake_kernels[];
extern const int fake_kernel_count;

/** The kernel of this name, or null. */
const Kernel *fake_kernel(const char *name);
