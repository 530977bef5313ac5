// Devices, primary contexts and modules.
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fake_cuda.h"

namespace {

const uint32_t FATBIN_MAGIC = 0xba55ed50;

bool isDevice(int device) { return device >= 0 && device < (int)state.devices.size(); }

/** Puts a number into a message: what is live in the context but for what a test left there. */
template <class Map>
int liveIn(const Map &map, Handle context) {
  int live = 0;
  for (auto &one : map) {
    live += one.second.context == context && !one.second.excused;
  }
  return live;
}

int liveMemory(Handle context, bool host) {
  int live = 0;
  for (auto &one : state.memory) {
    live += one.second.context == context && !one.second.excused && one.second.host == host;
  }
  return live;
}

template <class Map>
void eraseOf(Map &map, Handle context) {
  for (auto i = map.begin(); i != map.end();) {
    i = i->second.context == context ? map.erase(i) : std::next(i);
  }
}

void destroyContext(Handle handle) {
  Context &context = state.contexts[handle];
  size_t queued = 0;
  for (auto &stream : state.streams) {
    queued += stream.second.context == handle ? stream.second.queue.size() : 0;
  }
  struct {
    const char *what;
    int live;
  } left[] = {{"streams", liveIn(state.streams, handle)},
              {"events", liveIn(state.events, handle)},
              {"modules", liveIn(state.modules, handle)},
              {"allocations", liveMemory(handle, false)},
              {"registrations", liveMemory(handle, true)},
              {"queued operations", (int)queued}};
  for (auto &kind : left) {
    if (kind.live > 0) {
      violation("the context of device %d was released with %d live %s", context.device, kind.live, kind.what);
    }
  }
  eraseOf(state.streams, handle);
  eraseOf(state.events, handle);
  eraseOf(state.modules, handle);
  for (auto i = state.entries.begin(); i != state.entries.end();) {
    i = state.modules.count(i->second.module) ? std::next(i) : state.entries.erase(i);
  }
  std::vector<DevicePtr> memory;
  for (auto &one : state.memory) {
    if (one.second.context == handle) {
      memory.push_back(one.first);
    }
  }
  for (DevicePtr address : memory) {
    endMemory(address);
  }
  state.primary[context.device] = 0;
}

int numberAfter(const char *text, const char *word) {
  const char *at = strstr(text, word);
  return at == nullptr ? -1 : atoi(at + strlen(word));
}

/** Reads version, target and entries of a PTX text. */
CUresult readPtx(const char *ptx, int device, Module *module, std::string *log) {
  const char *version = strstr(ptx, ".version ");
  int target = numberAfter(ptx, ".target sm_");
  if (version == nullptr || target < 0) {
    *log = "ptxas fatal : no .version or no .target";
    return INVALID_PTX;
  }
  int major = atoi(version + 9);
  int minor = atoi(strchr(version, '.') == nullptr ? "0" : strchr(version + 9, '.') + 1);
  // PTX 8.x came with CUDA 12.x, 9.x with 13.x.
  int needs = (major + 4) * 1000 + minor * 10;
  if (needs > state.driverVersion) {
    *log = "ptxas fatal : Unsupported .version";
    return UNSUPPORTED_PTX_VERSION;
  }
  auto &attributes = state.devices[device].attributes;
  if (target > attributes[75] * 10 + attributes[76]) {
    *log = "ptxas fatal : the target is newer than the device";
    return NO_BINARY_FOR_GPU;
  }
  for (const char *at = strstr(ptx, ".entry "); at != nullptr; at = strstr(at, ".entry ")) {
    at += strlen(".entry ");
    std::string name;
    while (isalnum((unsigned char)*at) || *at == '_') {
      name += *at++;
    }
    const char *body = strchr(at, '{');
    const char *most = strstr(at, ".maxntid ");
    module->entries[name] = most != nullptr && body != nullptr && most < body ? atoi(most + 9) : 1024;
  }
  return SUCCESS;
}

/** Loads an image; what the compiler says goes to log. */
CUresult load(Call &call, Handle *result, const void *image, std::string *log) {
  if (result == nullptr || image == nullptr) {
    return INVALID_VALUE;
  }
  Module module = {call.context, false, {}};
  uint32_t magic;
  memcpy(&magic, image, sizeof magic);
  if (magic == FATBIN_MAGIC) {
    for (int i = 0; i < fake_kernel_count; i++) {
      module.entries[fake_kernels[i].name] = 256;
    }
  } else {
    CUresult read = readPtx((const char *)image, state.contexts[call.context].device, &module, log);
    if (read != SUCCESS) {
      return read;
    }
  }
  *result = state.nextHandle++;
  state.modules[*result] = module;
  call.made(*result);
  return SUCCESS;
}

}  // namespace

FAKE_API CUresult cuInit(unsigned int flags) {
  ENTER(cuInit, 0, NOTHING);
  if (flags != 0) {
    return call.result = INVALID_VALUE;
  }
  if (state.devices.empty()) {
    return call.result = NO_DEVICE;
  }
  state.initialised = true;
  return SUCCESS;
}

FAKE_API CUresult cuDriverGetVersion(int *version) {
  ENTER(cuDriverGetVersion, 0, NOTHING);
  *version = state.driverVersion;
  return SUCCESS;
}

FAKE_API CUresult cuDeviceGetCount(int *count) {
  ENTER(cuDeviceGetCount, 0, INIT);
  *count = (int)state.devices.size();
  return SUCCESS;
}

FAKE_API CUresult cuDeviceGet(int *device, int ordinal) {
  ENTER(cuDeviceGet, ordinal, INIT);
  if (!isDevice(ordinal)) {
    return call.result = INVALID_DEVICE;
  }
  *device = ordinal;
  return SUCCESS;
}

FAKE_API CUresult cuDeviceGetName(char *name, int length, int device) {
  ENTER(cuDeviceGetName, device, INIT);
  if (!isDevice(device)) {
    return call.result = INVALID_DEVICE;
  }
  snprintf(name, length, "Fake GPU %d", device);
  return SUCCESS;
}

FAKE_API CUresult cuDeviceGetAttribute(int *value, int attribute, int device) {
  ENTER(cuDeviceGetAttribute, device, INIT);
  if (!isDevice(device)) {
    return call.result = INVALID_DEVICE;
  }
  auto found = state.devices[device].attributes.find(attribute);
  if (found == state.devices[device].attributes.end()) {
    violation("the fake driver has no device attribute %d: add it to fake_set_devices", attribute);
    return call.result = INVALID_VALUE;
  }
  *value = found->second;
  return SUCCESS;
}

FAKE_API CUresult cuDeviceTotalMem_v2(size_t *bytes, int device) {
  ENTER(cuDeviceTotalMem, device, INIT);
  if (!isDevice(device)) {
    return call.result = INVALID_DEVICE;
  }
  *bytes = state.devices[device].memoryBytes;
  return SUCCESS;
}

FAKE_API CUresult cuDeviceGetPCIBusId(char *address, int length, int device) {
  ENTER(cuDeviceGetPCIBusId, device, INIT);
  if (!isDevice(device) || length < 13) {
    return call.result = isDevice(device) ? INVALID_VALUE : INVALID_DEVICE;
  }
  snprintf(address, length, "0000:%02x:00.0", state.devices[device].attributes[33]);
  return SUCCESS;
}

FAKE_API CUresult cuDevicePrimaryCtxRetain(Handle *context, int device) {
  ENTER(cuDevicePrimaryCtxRetain, device, INIT);
  if (!isDevice(device)) {
    return call.result = INVALID_DEVICE;
  }
  if (state.primary[device] == 0) {
    state.primary[device] = state.nextHandle++;
    state.contexts[state.primary[device]] = {device, 0, state.epoch, SUCCESS};
  }
  *context = state.primary[device];
  state.contexts[*context].retains++;
  return SUCCESS;
}

FAKE_API CUresult cuDevicePrimaryCtxRelease_v2(int device) {
  ENTER(cuDevicePrimaryCtxRelease, device, INIT);
  if (!isDevice(device)) {
    return call.result = INVALID_DEVICE;
  }
  Handle handle = state.primary[device];
  if (handle == 0) {
    violation("the context of device %d was released more often than retained", device);
    return call.result = INVALID_CONTEXT;
  }
  if (--state.contexts[handle].retains == 0) {
    destroyContext(handle);
  }
  return SUCCESS;
}

FAKE_API CUresult cuCtxSetCurrent(Handle context) {
  ENTER(cuCtxSetCurrent, context, INIT);
  auto found = state.contexts.find(context);
  if (context != 0 && (found == state.contexts.end() || found->second.retains == 0)) {
    violation("a context that has been released was made current");
    return call.result = INVALID_CONTEXT;
  }
  setCurrentContext(context);
  return SUCCESS;
}

FAKE_API CUresult cuCtxGetCurrent(Handle *context) {
  ENTER(cuCtxGetCurrent, 0, INIT);
  *context = currentContext();
  return SUCCESS;
}

FAKE_API CUresult cuModuleLoadData(Handle *module, const void *image) {
  ENTER(cuModuleLoadData, 0, CONTEXT);
  std::string log;
  return call.result = load(call, module, image, &log);
}

FAKE_API CUresult cuModuleLoadDataEx(Handle *module, const void *image, unsigned int count, int *options,
                                     void **values) {
  ENTER(cuModuleLoadDataEx, 0, CONTEXT);
  std::string log;
  call.result = load(call, module, image, &log);
  char *buffer = nullptr;
  size_t size = 0;
  for (unsigned int i = 0; i < count; i++) {
    if (options[i] == 5) {
      buffer = (char *)values[i];
    } else if (options[i] == 6) {
      size = (size_t)(uintptr_t)values[i];
    }
  }
  if (buffer != nullptr && size > 0) {
    snprintf(buffer, size, "%s", log.c_str());
  }
  return call.result;
}

FAKE_API CUresult cuModuleUnload(Handle module) {
  Call call(F_cuModuleUnload, module, RELEASE);
  auto found = state.modules.find(module);
  if (call.injected && found != state.modules.end()) {
    found->second.excused = true;
  }
  if (call.result != SUCCESS) {
    return call.result;
  }
  if (found == state.modules.end()) {
    violation("cuModuleUnload was given a module that is not there");
    return call.result = INVALID_HANDLE;
  }
  const char *use = queuedUseOfModule(module);
  if (use != nullptr) {
    violation("a module was unloaded while %s was queued", use);
  }
  for (auto i = state.entries.begin(); i != state.entries.end();) {
    i = i->second.module == module ? state.entries.erase(i) : std::next(i);
  }
  state.modules.erase(found);
  return call.result = call.sticky;
}

FAKE_API CUresult cuModuleGetFunction(Handle *function, Handle module, const char *name) {
  ENTER(cuModuleGetFunction, module, CONTEXT);
  auto found = state.modules.find(module);
  if (found == state.modules.end()) {
    violation("cuModuleGetFunction was given a module that is not there");
    return call.result = INVALID_HANDLE;
  }
  auto entry = found->second.entries.find(name);
  const Kernel *kernel = fake_kernel(name);
  if (entry == found->second.entries.end()) {
    return call.result = NOT_FOUND;
  }
  if (kernel == nullptr) {
    violation("the fake driver has no kernel %s: add it to fake_kernels.cpp", name);
    return call.result = NOT_FOUND;
  }
  *function = state.nextHandle++;
  state.entries[*function] = {module, kernel, entry->second};
  return SUCCESS;
}
