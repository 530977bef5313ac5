// A CUDA driver without a device, for tests: libcuda.so.1 as far as the engine calls it.
//
// Operations on a stream are queued and run later: each query of an event or a stream runs a few
// that can run, of any stream, chosen by a seed, within the order of each stream and the events
// that it waits for. Kernels are those of src/main/cuda, run by the CPU. Pinned memory is read and
// written when an operation runs, arguments of a kernel are taken at launch. So whoever does not
// wait sees old data.
//
// Device addresses, those of mapped host memory too, are numbers that the CPU cannot use; the driver
// translates them. They are never used twice, nor is a handle.
//
// What a real driver punishes late or not at all is a violation: a sentence that a test reads.
//
// One lock guards everything; Call holds it from the first line of a function to its last.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fake_grid.h"

typedef int CUresult;
typedef uint64_t Handle;
typedef uint64_t DevicePtr;

enum : CUresult {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  NO_DEVICE = 100,
  INVALID_DEVICE = 101,
  INVALID_IMAGE = 200,
  INVALID_CONTEXT = 201,
  NO_BINARY_FOR_GPU = 209,
  INVALID_PTX = 218,
  UNSUPPORTED_PTX_VERSION = 222,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
  LAUNCH_TIMEOUT = 702,
  CONTEXT_IS_DESTROYED = 709,
  HOST_MEMORY_ALREADY_REGISTERED = 712,
  HOST_MEMORY_NOT_REGISTERED = 713,
  MISALIGNED_ADDRESS = 716,
};

#define FAKE_FUNCTIONS(X)                                                                          \
  X(cuInit) X(cuDriverGetVersion) X(cuDeviceGetCount) X(cuDeviceGet) X(cuDeviceGetName)            \
  X(cuDeviceGetAttribute) X(cuDeviceTotalMem) X(cuDeviceGetPCIBusId) X(cuDevicePrimaryCtxRetain)   \
  X(cuDevicePrimaryCtxRelease) X(cuCtxSetCurrent) X(cuCtxGetCurrent) X(cuModuleLoadData)           \
  X(cuModuleLoadDataEx) X(cuModuleUnload) X(cuModuleGetFunction) X(cuStreamCreate)                 \
  X(cuStreamDestroy) X(cuStreamQuery) X(cuStreamWaitEvent) X(cuEventCreate) X(cuEventDestroy)      \
  X(cuEventRecord) X(cuEventQuery) X(cuEventElapsedTime) X(cuMemAlloc) X(cuMemFree)                \
  X(cuMemGetInfo) X(cuMemHostRegister) X(cuMemHostUnregister) X(cuMemHostGetDevicePointer)         \
  X(cuMemcpyHtoDAsync) X(cuMemcpyDtoHAsync) X(cuMemcpyDtoDAsync) X(cuMemsetD32Async)               \
  X(cuLaunchKernel)

enum Function {
#define FAKE_ENUM(name) F_##name,
  FAKE_FUNCTIONS(FAKE_ENUM)
#undef FAKE_ENUM
  FUNCTION_COUNT
};

struct Device {
  std::map<int, int> attributes;
  uint64_t memoryBytes;
  uint64_t usedBytes;
  /** Nanoseconds at which the copy engines and the processors are free again. */
  double engineFree[3];
};

struct Context {
  int device;
  int retains;
  int epoch;
  CUresult error;
};

/** One recording of an event; whoever waits for it keeps it. */
struct Record {
  bool done;
  double timeNs;
};

struct Event {
  Handle context;
  bool timed;
  bool excused;
  std::shared_ptr<Record> last;
};

struct Op {
  enum Kind { KERNEL, COPY_TO_DEVICE, COPY_TO_HOST, COPY_ON_DEVICE, FILL, RECORD, WAIT } kind;
  Handle module;
  const Kernel *kernel;
  GridShape shape;
  uint64_t values[MAX_PARAMETERS];
  /** Device addresses, but the host side of a copy. */
  uint64_t to, from, bytes;
  unsigned int pattern;
  std::shared_ptr<Record> record;
};

struct Stream {
  Handle context;
  bool excused;
  /** Given back while work was queued: the work still runs. */
  bool destroyed;
  double timeNs;
  std::deque<Op> queue;
};

struct Module {
  Handle context;
  bool excused;
  /** The most threads of a block, by entry. */
  std::map<std::string, unsigned int> entries;
};

struct Entry {
  Handle module;
  const Kernel *kernel;
  unsigned int maxThreads;
};

/** Device memory, or registered host memory as the device sees it. */
struct Memory {
  Handle context;
  DevicePtr address;
  char *real;
  uint64_t bytes;
  bool host;
  bool excused;
  unsigned int flags;
};

struct State {
  bool initialised = false;
  int epoch = 0;
  int driverVersion = 12060;
  std::vector<Device> devices;
  std::map<Handle, Context> contexts;
  std::map<Handle, Stream> streams;
  std::map<Handle, Event> events;
  std::map<Handle, Module> modules;
  std::map<Handle, Entry> entries;
  std::map<DevicePtr, Memory> memory;
  std::map<uintptr_t, DevicePtr> registered;
  Handle primary[8] = {};
  Handle nextHandle = 0x51000;
  DevicePtr nextAddress = 0x200000000000;
  bool eager = false;
  bool hang = false;
  uint64_t random = 0;
  /** Bytes per nanosecond: device memory, mapped host memory, copies. */
  double deviceRate = 4000, mappedRate = 20, copyRate = 50, launchNs = 3000;
};

extern State state;

/** Whether a function needs cuInit and a context; RELEASE also works after a sticky error. */
enum Need { NOTHING, INIT, CONTEXT, RELEASE };

/** A call of a function of the driver: takes the lock, counts, and says what goes wrong at once. */
class Call {
 public:
  Call(Function function, Handle handle, Need need);
  ~Call();
  Call(const Call &) = delete;

  /** Not SUCCESS: return it at once. */
  CUresult result;
  /** A test has this call fail. */
  bool injected;
  /** The sticky error of the context; a function that gives back returns it when it is done. */
  CUresult sticky;
  /** The current context; 0 where none is needed. */
  Handle context;

  /** Notes the handle that the call made, for the log. */
  void made(Handle handle);

 private:
  long logged;
};

#define FAKE_API extern "C" __attribute__((visibility("default")))

/** Begins a function; returns from it when the call fails. */
#define ENTER(function, handle, need)                                                              \
  Call call(F_##function, (Handle)(handle), need);                                                 \
  if (call.result != SUCCESS) {                                                                    \
    return call.result;                                                                            \
  }

/** The current context of the calling thread; 0 for none. */
Handle currentContext();
void setCurrentContext(Handle context);

void violation(const char *format, ...) __attribute__((format(printf, 1, 2)));
void count(const char *what, uint64_t more);
uint64_t drawBelow(uint64_t bound);
uint64_t draw64();

/** The memory that holds the range of the device, or null. */
Memory *memoryAt(DevicePtr address, uint64_t bytes);
/** The registration that holds the range of the host, or null; touches says whether some of it is. */
Memory *registrationAt(uintptr_t address, uint64_t bytes, bool *touches);
/** The CPU's address of a device address; null when no live memory holds the range. */
char *realAddress(DevicePtr address, uint64_t bytes);

/** Lets a few operations run. */
void progress();
/** Runs all that can run. */
void runAll();
/** Runs a stream to its end with all that it waits for; false when it cannot. */
bool runToEnd(Handle stream);
/** Appends to the queue of a stream. */
CUresult enqueue(Handle stream, const Op &op);
/** Whether queued work touches the memory; says which in a few words. */
const char *queuedUse(const Memory &memory);
const char *queuedUseOfModule(Handle module);
void dropQueuesOf(Handle context);
/** Unmaps or forgets memory. */
void endMemory(DevicePtr address);
