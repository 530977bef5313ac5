// The threads of a block run one after another on the stack of one fiber. A thread that comes to
// __syncthreads() stays there with its fiber, and the next thread gets another one; when all have
// arrived or ended, they go on, in another order. So a kernel without barriers is a plain loop, and
// one that lacks a barrier computes nonsense for most seeds.
//
// The order of the threads comes from the seed. All of it happens on the calling thread; callers hold
// the lock of the driver.
#include "fake_grid.h"

#include <link.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "cpu.h"

Index blockIdx;
Index threadIdx;
Index blockDim;
Index gridDim;

namespace {

const unsigned int MAX_THREADS = 1024;
const size_t STACK_BYTES = 256 * 1024;
/** Fills shared memory before each block: as floats, NaN. */
const int POISON = 0xff;

struct Fiber {
  jmp_buf waiting;
  Index thread;
  char *stack;
};

struct Run {
  const Kernel *kernel;
  void *const *values;
  Windows *windows;
  uint64_t random;
  std::vector<unsigned int> order;
  unsigned int next;
  std::vector<Fiber *> atBarrier;
  Outcome outcome;
};

Run *run;
Fiber fibers[MAX_THREADS];
Fiber *current;
jmp_buf scheduler;
/** Constants of the kernels, and their shared memory. */
Window library, shared;
/** Gives every thread of the process its shared memory. */
thread_local volatile char sharedMark;

uint64_t draw() {
  run->random += 0x9e3779b97f4a7c15ull;
  uint64_t z = run->random;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

template <class T>
void shuffle(std::vector<T> &list) {
  switch (draw() % 3) {
    case 0:
      return;
    case 1:
      for (size_t i = 0; i < list.size() / 2; i++) {
        std::swap(list[i], list[list.size() - 1 - i]);
      }
      return;
    default:
      for (size_t i = list.size(); i > 1; i--) {
        std::swap(list[i - 1], list[draw() % i]);
      }
  }
}

int findLibrary(dl_phdr_info *info, size_t, void *) {
  uintptr_t end = 0;
  bool mine = false;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const auto &part = info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_LOAD) {
      mine = mine || (uintptr_t)&run - start < part.p_memsz;
      end = start + part.p_memsz > end ? start + part.p_memsz : end;
    } else if (part.p_type == PT_TLS) {
      shared = {(uintptr_t)info->dlpi_tls_data, part.p_memsz, false};
    }
  }
  library = {info->dlpi_addr, end - info->dlpi_addr, false};
  return mine;
}

bool holds(const Window &window, uintptr_t address, uint64_t bytes) {
  return address >= window.start && address + bytes <= window.start + window.bytes;
}

/** What a fiber does: threads, one after another, until none is left. */
void fiberMain() {
  while (run->next < run->order.size()) {
    unsigned int t = run->order[run->next++];
    threadIdx.x = t % blockDim.x;
    threadIdx.y = t / blockDim.x % blockDim.y;
    threadIdx.z = t / blockDim.x / blockDim.y;
    run->kernel->call(run->kernel->entry, run->values);
  }
  _longjmp(scheduler, 1);
}

void startFiber(Fiber *fiber) {
  if (fiber->stack == nullptr) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *stack = mmap(nullptr, STACK_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (stack == MAP_FAILED) {
      perror("the fake CUDA driver has no stack for a thread of a kernel");
      abort();
    }
    fiber->stack = (char *)stack;
  }
  current = fiber;
  static ucontext_t context;
  getcontext(&context);
  context.uc_stack.ss_sp = fiber->stack;
  context.uc_stack.ss_size = STACK_BYTES;
  context.uc_link = nullptr;
  makecontext(&context, fiberMain, 0);
  if (_setjmp(scheduler) == 0) {
    setcontext(&context);
  }
}

void resumeFiber(Fiber *fiber) {
  current = fiber;
  threadIdx = fiber->thread;
  if (_setjmp(scheduler) == 0) {
    _longjmp(fiber->waiting, 1);
  }
}

void runBlock() {
  memset((void *)shared.start, POISON, shared.bytes);
  run->next = 0;
  run->atBarrier.clear();
  shuffle(run->order);
  unsigned int used = 0;
  while (run->next < run->order.size() && run->outcome.fault == Fault::NONE) {
    startFiber(&fibers[used++]);
  }
  while (!run->atBarrier.empty() && run->outcome.fault == Fault::NONE) {
    std::vector<Fiber *> arrived;
    arrived.swap(run->atBarrier);
    shuffle(arrived);
    for (size_t i = 0; i < arrived.size() && run->outcome.fault == Fault::NONE; i++) {
      resumeFiber(arrived[i]);
    }
  }
}

[[noreturn]] void refuse(Fault fault, uintptr_t address, uint64_t bytes) {
  run->outcome = {fault, address, bytes,
                  {blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z}};
  _longjmp(scheduler, 1);
}

bool onStack(uintptr_t address) {
  return address - (uintptr_t)current->stack < STACK_BYTES;
}

void access(uintptr_t address, uint64_t bytes) {
  if (run == nullptr || run->windows == nullptr) {
    return;
  }
  Windows &windows = *run->windows;
  for (int i = 0; i < windows.count; i++) {
    const Window &w = windows.of[i];
    if (holds(w, address, bytes)) {
      (w.host ? windows.hostBytes : windows.deviceBytes) += bytes;
      return;
    }
  }
  if (onStack(address) || holds(shared, address, bytes) || holds(library, address, bytes)) {
    return;
  }
  refuse(Fault::ILLEGAL, address, bytes);
}

}  // namespace

void starling_barrier() {
  if (run == nullptr) {
    return;
  }
  Fiber *self = current;
  self->thread = threadIdx;
  run->atBarrier.push_back(self);
  if (_setjmp(self->waiting) == 0) {
    _longjmp(scheduler, 1);
  }
}

void starling_vector_access(const void *p, unsigned long bytes) {
  uintptr_t address = (uintptr_t)p;
  if (run == nullptr || address % bytes == 0 || onStack(address)) {
    return;
  }
  refuse(Fault::MISALIGNED, address, bytes);
}

Outcome fake_run_grid(const Kernel &kernel, const GridShape &shape, void *const *values, Windows *windows,
                      uint64_t seed) {
  sharedMark = 0;
  dl_iterate_phdr(findLibrary, nullptr);
  Run mine = {&kernel, values, windows, seed, {}, 0, {}, {}};
  unsigned int threads = shape.blockX * shape.blockY * shape.blockZ;
  for (unsigned int i = 0; i < threads && threads <= MAX_THREADS; i++) {
    mine.order.push_back(i);
  }
  run = &mine;
  gridDim = {shape.gridX, shape.gridY, shape.gridZ};
  blockDim = {shape.blockX, shape.blockY, shape.blockZ};
  uint64_t blocks = (uint64_t)shape.gridX * shape.gridY * shape.gridZ;
  for (uint64_t b = 0; b < blocks && mine.outcome.fault == Fault::NONE; b++) {
    blockIdx.x = b % shape.gridX;
    blockIdx.y = b / shape.gridX % shape.gridY;
    blockIdx.z = b / shape.gridX / shape.gridY;
    runBlock();
  }
  run = nullptr;
  return mine.outcome;
}

// What g++ -fsanitize=kernel-address calls before each access of a kernel.
extern "C" {
#define ACCESS(bytes)                                                                     \
  void __asan_load##bytes##_noabort(uintptr_t address) { access(address, bytes); }       \
  void __asan_store##bytes##_noabort(uintptr_t address) { access(address, bytes); }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)
void __asan_loadN_noabort(uintptr_t address, size_t bytes) { access(address, bytes); }
void __asan_storeN_noabort(uintptr_t address, size_t bytes) { access(address, bytes); }
void __asan_handle_no_return() {}
void __asan_before_dynamic_init(const void *) {}
void __asan_after_dynamic_init() {}
}
