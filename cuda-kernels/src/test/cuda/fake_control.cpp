// The lock, the log, faults and counts of the fake driver, and the controls that tests call.
#include <pthread.h>
#include <sys/mman.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <set>

#include "fake_cuda.h"

State state;

namespace {

const size_t LOG_LIMIT = 200000;
const size_t VIOLATION_LIMIT = 100;

const char *const functionNames[] = {
#define FAKE_NAME(name) #name,
    FAKE_FUNCTIONS(FAKE_NAME)
#undef FAKE_NAME
};

struct Injection {
  int function;  // -1: any
  long nth;
  CUresult result;
  bool sticky;
};

struct Logged {
  Function function;
  Handle handle;
  CUresult result;
};

/** A key and no thread-local variable: those are the shared memory of kernels. */
const pthread_key_t contextKey = [] {
  pthread_key_t key;
  pthread_key_create(&key, nullptr);
  return key;
}();
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
std::vector<Injection> injections;
std::vector<Logged> calls;
std::vector<std::string> violations;
std::map<std::string, uint64_t> counts;
uint64_t callCounts[FUNCTION_COUNT];
uint64_t callTotal;
const char *lastFailed = "";
std::string text;

int functionOf(const char *name) {
  for (int i = 0; i < FUNCTION_COUNT; i++) {
    if (strcmp(functionNames[i], name) == 0) {
      return i;
    }
  }
  return -1;
}

bool isPoll(Function f) {
  return f == F_cuEventQuery || f == F_cuStreamQuery || f == F_cuCtxSetCurrent || f == F_cuCtxGetCurrent;
}

CUresult injectedFor(Function function, bool *sticky) {
  for (size_t i = 0; i < injections.size(); i++) {
    Injection &injection = injections[i];
    if ((injection.function == -1 || injection.function == function) && --injection.nth == 0) {
      CUresult result = injection.result;
      *sticky = injection.sticky;
      lastFailed = functionNames[function];
      injections.erase(injections.begin() + i);
      return result;
    }
  }
  return SUCCESS;
}

struct Locked {
  Locked() { pthread_mutex_lock(&mutex); }
  ~Locked() { pthread_mutex_unlock(&mutex); }
};

}  // namespace

Handle currentContext() { return (Handle)(uintptr_t)pthread_getspecific(contextKey); }

void setCurrentContext(Handle context) { pthread_setspecific(contextKey, (void *)(uintptr_t)context); }

Call::Call(Function function, Handle handle, Need need)
    : result(SUCCESS), injected(false), sticky(SUCCESS), context(0), logged(-1) {
  pthread_mutex_lock(&mutex);
  callCounts[function]++;
  callTotal++;
  if (!isPoll(function) && calls.size() < LOG_LIMIT) {
    logged = (long)calls.size();
    calls.push_back({function, handle, SUCCESS});
  }
  bool stickyFault = false;
  result = injectedFor(function, &stickyFault);
  injected = result != SUCCESS;
  auto current = state.contexts.find(currentContext());
  bool alive = current != state.contexts.end() && current->second.retains > 0;
  if (injected) {
    if (stickyFault && alive) {
      current->second.error = result;
      dropQueuesOf(currentContext());
    }
  } else if (need != NOTHING && !state.initialised) {
    result = NOT_INITIALIZED;
    violation("%s was called before cuInit", functionNames[function]);
  } else if (need == CONTEXT || need == RELEASE) {
    if (currentContext() == 0 || current == state.contexts.end() || current->second.epoch != state.epoch) {
      result = INVALID_CONTEXT;
      violation("%s was called on a thread that has no current context", functionNames[function]);
    } else if (!alive) {
      result = CONTEXT_IS_DESTROYED;
      violation("%s was called on a thread whose current context has been released", functionNames[function]);
    } else {
      context = currentContext();
      sticky = current->second.error;
      result = need == CONTEXT ? sticky : SUCCESS;
    }
  }
}

Call::~Call() {
  if (logged >= 0) {
    calls[logged].result = result;
  }
  pthread_mutex_unlock(&mutex);
}

void Call::made(Handle handle) {
  if (logged >= 0) {
    calls[logged].handle = handle;
  }
}

void violation(const char *format, ...) {
  char sentence[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(sentence, sizeof sentence, format, arguments);
  va_end(arguments);
  if (violations.size() < VIOLATION_LIMIT) {
    violations.push_back(sentence);
  }
}

void count(const char *what, uint64_t more) { counts[what] += more; }

uint64_t draw64() {
  state.random += 0x9e3779b97f4a7c15ull;
  uint64_t z = state.random;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

uint64_t drawBelow(uint64_t bound) { return draw64() % bound; }

/** Gives everything back, ends faults, zeroes counts; devices as at first. The driver stays initialised. */
FAKE_API void fake_reset(uint64_t seed) {
  Locked lock;
  while (!state.memory.empty()) {
    endMemory(state.memory.begin()->first);
  }
  State fresh;
  fresh.initialised = state.initialised;
  fresh.epoch = state.epoch + 1;
  fresh.nextHandle = state.nextHandle;
  fresh.nextAddress = state.nextAddress;
  fresh.random = seed;
  state = fresh;
  injections.clear();
  lastFailed = "";
  calls.clear();
  violations.clear();
  counts.clear();
  memset(callCounts, 0, sizeof callCounts);
  callTotal = 0;
}

/** Adds count devices of a compute capability (80: 8.0). */
FAKE_API void fake_set_devices(int count, int capability, uint64_t memoryBytes) {
  Locked lock;
  state.devices.clear();
  for (int i = 0; i < count && i < 8; i++) {
    Device device = {{{1, 1024}, {5, 0x7fffffff}, {6, 65535}, {8, 49152}, {10, 32}, {13, 1500000}, {16, 4},
                      {18, 0}, {19, 1}, {20, 0}, {31, 1}, {33, 0x17 + i}, {34, 0}, {36, 1600000}, {37, 384},
                      {38, 6291456}, {39, 1024}, {40, 2}, {41, 1}, {50, 0}, {75, capability / 10},
                      {76, capability % 10}, {91, 1}, {99, 1}, {116, 0}, {124, 0}},
                     memoryBytes, 0, {0, 0, 0}};
    state.devices.push_back(device);
  }
}

FAKE_API void fake_set_attribute(int device, int attribute, int value) {
  Locked lock;
  state.devices.at(device).attributes[attribute] = value;
}

FAKE_API void fake_set_driver_version(int version) {
  Locked lock;
  state.driverVersion = version;
}

FAKE_API void fake_set_initialised(int initialised) {
  Locked lock;
  state.initialised = initialised != 0;
}

/** Eager: operations run at once, as far as they can. */
FAKE_API void fake_set_eager(int eager) {
  Locked lock;
  state.eager = eager != 0;
}

/** Hang: no operation runs any more. */
FAKE_API void fake_set_hang(int hang) {
  Locked lock;
  state.hang = hang != 0;
}

/** Bytes per nanosecond of device memory, mapped host memory and copies; nanoseconds of a launch. */
FAKE_API void fake_set_rates(double device, double mapped, double copy, double launchNs) {
  Locked lock;
  state.deviceRate = device;
  state.mappedRate = mapped;
  state.copyRate = copy;
  state.launchNs = launchNs;
}

/** Has the nth next call of a function ("": of any) fail. Returns 0, or -1 for an unknown name. */
FAKE_API int fake_fail(const char *function, long nth, int result, int sticky) {
  Locked lock;
  int number = functionOf(function);
  if (number < 0 && *function != 0) {
    return -1;
  }
  injections.push_back({number, nth, result, sticky != 0});
  return 0;
}

/** The function that a fault hit last; "" for none. */
FAKE_API const char *fake_failed() {
  Locked lock;
  return lastFailed;
}

/** Faults that have not happened yet. */
FAKE_API long fake_faults_left() {
  Locked lock;
  return (long)injections.size();
}

/** Calls of a function ("": of all) since the last reset; -1 for an unknown name. */
FAKE_API long fake_calls(const char *function) {
  Locked lock;
  int number = functionOf(function);
  return *function == 0 ? (long)callTotal : number < 0 ? -1 : (long)callCounts[number];
}

/** Live resources and sums since the last reset, "name=number" a line. */
FAKE_API const char *fake_counts() {
  Locked lock;
  std::map<std::string, uint64_t> all = counts;
  for (const char *name : {"contexts", "streams", "events", "modules", "allocations", "deviceBytes",
                           "registrations", "registeredBytes", "queued"}) {
    all[name] = 0;
  }
  for (auto &context : state.contexts) {
    all["contexts"] += context.second.epoch == state.epoch ? context.second.retains : 0;
  }
  for (auto &stream : state.streams) {
    all["streams"] += !stream.second.destroyed;
    all["queued"] += stream.second.queue.size();
  }
  all["events"] = state.events.size();
  all["modules"] = state.modules.size();
  for (auto &memory : state.memory) {
    all[memory.second.host ? "registrations" : "allocations"]++;
    all[memory.second.host ? "registeredBytes" : "deviceBytes"] += memory.second.bytes;
  }
  text.clear();
  for (auto &one : all) {
    text += one.first + "=" + std::to_string(one.second) + "\n";
  }
  return text.c_str();
}

/** What a driver would punish, a sentence a line. */
FAKE_API const char *fake_violations() {
  Locked lock;
  text.clear();
  for (auto &sentence : violations) {
    text += sentence + "\n";
  }
  return text.c_str();
}

/** The calls since the last reset, "function handle result" a line, without polls. */
FAKE_API const char *fake_log() {
  Locked lock;
  text.clear();
  for (auto &logged : calls) {
    char line[128];
    snprintf(line, sizeof line, "%s %llx %d\n", functionNames[logged.function], (unsigned long long)logged.handle,
             logged.result);
    text += line;
  }
  return text.c_str();
}

/** The kernels that can be launched: "name bytes bytes..." a line. */
FAKE_API const char *fake_kernel_list() {
  Locked lock;
  text.clear();
  for (int i = 0; i < fake_kernel_count; i++) {
    text += fake_kernels[i].name;
    for (int k = 0; k < fake_kernels[i].parameters; k++) {
      text += " " + std::to_string(fake_kernels[i].bytes[k]);
    }
    text += "\n";
  }
  return text.c_str();
}

/**
 * Runs a kernel at once, without the driver: every access is allowed, but for misaligned ones.
 * Returns 0, -1 for an unknown kernel, or the number of the error.
 */
FAKE_API int fake_run_kernel(const char *name, const unsigned int *shape, void *const *values, uint64_t seed) {
  Locked lock;
  const Kernel *kernel = fake_kernel(name);
  if (kernel == nullptr) {
    return -1;
  }
  GridShape grid = {shape[0], shape[1], shape[2], shape[3], shape[4], shape[5]};
  Outcome outcome = fake_run_grid(*kernel, grid, values, nullptr, seed);
  return outcome.fault == Fault::NONE ? 0 : outcome.fault == Fault::ILLEGAL ? ILLEGAL_ADDRESS : MISALIGNED_ADDRESS;
}

/** Copies from a device address, for tests that look at device memory; 0 or -1. */
FAKE_API int fake_peek(void *to, DevicePtr from, uint64_t bytes) {
  Locked lock;
  char *real = realAddress(from, bytes);
  if (real == nullptr) {
    return -1;
  }
  memcpy(to, real, bytes);
  return 0;
}
