// Device memory, registered host memory, and copies.
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "fake_cuda.h"

namespace {

const uint64_t PAGE_BYTES = 4096;
const uint64_t POISON_LIMIT_BYTES = 1 << 20;
/** A NaN, so that memory which nobody wrote shows in results. */
const unsigned char POISON = 0xff;
const unsigned int PORTABLE = 1;
const unsigned int DEVICEMAP = 2;

/** Takes addresses, with a gap that belongs to nobody. */
DevicePtr takeAddresses(uint64_t bytes, uint64_t offset) {
  DevicePtr address = state.nextAddress + offset;
  state.nextAddress += (offset + bytes + 2 * PAGE_BYTES) / PAGE_BYTES * PAGE_BYTES;
  return address;
}

/** Whether every page of the range is mapped. */
bool isMapped(uintptr_t start, uint64_t bytes) {
  unsigned char pages[1024];
  uintptr_t end = start + bytes;
  for (uintptr_t at = start & ~(PAGE_BYTES - 1); at < end; at += sizeof pages * PAGE_BYTES) {
    uint64_t length = end - at < sizeof pages * PAGE_BYTES ? end - at : sizeof pages * PAGE_BYTES;
    if (mincore((void *)at, length, pages) != 0 && errno == ENOMEM) {
      return false;
    }
  }
  return true;
}

/** Adds a copy; host memory that is not registered is copied at once, after earlier work. */
CUresult copy(Call &call, Handle stream, Op op, DevicePtr device, uintptr_t host) {
  if (op.bytes == 0) {
    return SUCCESS;
  }
  Memory *memory = memoryAt(device, op.bytes);
  if (memory == nullptr) {
    violation("a copy of %llu bytes names device memory that is not there", (unsigned long long)op.bytes);
    return INVALID_VALUE;
  }
  bool touches;
  if (registrationAt(host, op.bytes, &touches) != nullptr) {
    return enqueue(stream, op);
  }
  if (touches) {
    violation("a copy of %llu bytes leaves the registered host memory it begins or ends in",
              (unsigned long long)op.bytes);
    return INVALID_VALUE;
  }
  count("pageableCopies", 1);
  CUresult queued = enqueue(stream, op);
  if (queued == SUCCESS && !runToEnd(stream)) {
    violation("a copy from or to host memory that is not registered waits for ever");
    return LAUNCH_TIMEOUT;
  }
  return queued != SUCCESS ? queued : state.contexts[call.context].error;
}

}  // namespace

Memory *memoryAt(DevicePtr address, uint64_t bytes) {
  auto next = state.memory.upper_bound(address);
  if (next == state.memory.begin()) {
    return nullptr;
  }
  Memory &memory = std::prev(next)->second;
  return address - memory.address < memory.bytes && bytes <= memory.bytes - (address - memory.address) ? &memory
                                                                                                       : nullptr;
}

Memory *registrationAt(uintptr_t address, uint64_t bytes, bool *touches) {
  *touches = false;
  auto next = state.registered.lower_bound(address + bytes);
  if (next == state.registered.begin()) {
    return nullptr;
  }
  Memory &memory = state.memory[std::prev(next)->second];
  uintptr_t start = (uintptr_t)memory.real;
  *touches = address < start + memory.bytes;
  return address >= start && address + bytes <= start + memory.bytes ? &memory : nullptr;
}

char *realAddress(DevicePtr address, uint64_t bytes) {
  Memory *memory = memoryAt(address, bytes);
  return memory == nullptr ? nullptr : memory->real + (address - memory->address);
}

void endMemory(DevicePtr address) {
  Memory &memory = state.memory[address];
  if (memory.host) {
    state.registered.erase((uintptr_t)memory.real);
  } else {
    munmap(memory.real, memory.bytes);
    state.devices[state.contexts[memory.context].device].usedBytes -= memory.bytes;
  }
  state.memory.erase(address);
}

FAKE_API CUresult cuMemAlloc_v2(DevicePtr *address, size_t bytes) {
  ENTER(cuMemAlloc, bytes, CONTEXT);
  if (bytes == 0) {
    return call.result = INVALID_VALUE;
  }
  Device &device = state.devices[state.contexts[call.context].device];
  if (bytes > device.memoryBytes - device.usedBytes) {
    return call.result = OUT_OF_MEMORY;
  }
  void *real = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (real == MAP_FAILED) {
    return call.result = OUT_OF_MEMORY;
  }
  memset(real, POISON, bytes < POISON_LIMIT_BYTES ? bytes : POISON_LIMIT_BYTES);
  *address = takeAddresses(bytes, 0);
  state.memory[*address] = {call.context, *address, (char *)real, bytes, false, false, 0};
  device.usedBytes += bytes;
  call.made(*address);
  return SUCCESS;
}

FAKE_API CUresult cuMemFree_v2(DevicePtr address) {
  Call call(F_cuMemFree, address, RELEASE);
  auto found = state.memory.find(address);
  bool there = found != state.memory.end() && !found->second.host;
  if (call.injected && there) {
    found->second.excused = true;
  }
  if (call.result != SUCCESS) {
    return call.result;
  }
  if (!there) {
    violation("cuMemFree was given memory that is not there");
    return call.result = INVALID_VALUE;
  }
  const char *use = queuedUse(found->second);
  if (use != nullptr) {
    violation("device memory was freed while %s was queued: a driver waits for it", use);
  }
  endMemory(address);
  return call.result = call.sticky;
}

FAKE_API CUresult cuMemGetInfo_v2(size_t *freeBytes, size_t *totalBytes) {
  ENTER(cuMemGetInfo, 0, CONTEXT);
  Device &device = state.devices[state.contexts[call.context].device];
  *freeBytes = device.memoryBytes - device.usedBytes;
  *totalBytes = device.memoryBytes;
  return SUCCESS;
}

FAKE_API CUresult cuMemHostRegister_v2(void *host, size_t bytes, unsigned int flags) {
  ENTER(cuMemHostRegister, host, CONTEXT);
  uintptr_t start = (uintptr_t)host;
  if (host == nullptr || bytes == 0) {
    return call.result = INVALID_VALUE;
  }
  if (start % PAGE_BYTES != 0 || bytes % PAGE_BYTES != 0) {
    violation("host memory was registered that is not whole pages: %llu bytes at page offset %llu",
              (unsigned long long)bytes, (unsigned long long)(start % PAGE_BYTES));
  }
  bool touches;
  registrationAt(start, bytes, &touches);
  if (touches) {
    return call.result = HOST_MEMORY_ALREADY_REGISTERED;
  }
  if (!isMapped(start, bytes)) {
    violation("host memory was registered that is not mapped");
    return call.result = INVALID_VALUE;
  }
  DevicePtr address = takeAddresses(bytes, start % PAGE_BYTES);
  state.memory[address] = {call.context, address, (char *)host, bytes, true, false, flags};
  state.registered[start] = address;
  return SUCCESS;
}

FAKE_API CUresult cuMemHostUnregister(void *host) {
  Call call(F_cuMemHostUnregister, (Handle)host, RELEASE);
  auto found = state.registered.find((uintptr_t)host);
  if (call.injected && found != state.registered.end()) {
    state.memory[found->second].excused = true;
  }
  if (call.result != SUCCESS) {
    return call.result;
  }
  if (found == state.registered.end()) {
    violation("cuMemHostUnregister was given memory that is not registered");
    return call.result = HOST_MEMORY_NOT_REGISTERED;
  }
  Memory &memory = state.memory[found->second];
  const char *use = queuedUse(memory);
  if (use != nullptr) {
    violation("host memory was unregistered while %s was queued", use);
  }
  if (!isMapped((uintptr_t)memory.real, memory.bytes)) {
    violation("host memory was unregistered after it had been unmapped");
  }
  endMemory(memory.address);
  return call.result = call.sticky;
}

FAKE_API CUresult cuMemHostGetDevicePointer_v2(DevicePtr *address, void *host, unsigned int flags) {
  ENTER(cuMemHostGetDevicePointer, host, CONTEXT);
  bool touches;
  Memory *memory = registrationAt((uintptr_t)host, 1, &touches);
  if (memory == nullptr || flags != 0) {
    return call.result = INVALID_VALUE;
  }
  if ((memory->flags & DEVICEMAP) == 0) {
    violation("the device address was asked of host memory that was registered without DEVICEMAP");
    return call.result = INVALID_VALUE;
  }
  if (memory->context != call.context && (memory->flags & PORTABLE) == 0) {
    violation("the device address was asked of host memory that another context registered without PORTABLE");
    return call.result = INVALID_VALUE;
  }
  *address = memory->address + ((uintptr_t)host - (uintptr_t)memory->real);
  return SUCCESS;
}

FAKE_API CUresult cuMemcpyHtoDAsync_v2(DevicePtr to, const void *from, size_t bytes, Handle stream) {
  ENTER(cuMemcpyHtoDAsync, stream, CONTEXT);
  Op op = {};
  op.kind = Op::COPY_TO_DEVICE;
  op.to = to;
  op.from = (uintptr_t)from;
  op.bytes = bytes;
  return call.result = copy(call, stream, op, to, (uintptr_t)from);
}

FAKE_API CUresult cuMemcpyDtoHAsync_v2(void *to, DevicePtr from, size_t bytes, Handle stream) {
  ENTER(cuMemcpyDtoHAsync, stream, CONTEXT);
  Op op = {};
  op.kind = Op::COPY_TO_HOST;
  op.to = (uintptr_t)to;
  op.from = from;
  op.bytes = bytes;
  return call.result = copy(call, stream, op, from, (uintptr_t)to);
}

FAKE_API CUresult cuMemcpyDtoDAsync_v2(DevicePtr to, DevicePtr from, size_t bytes, Handle stream) {
  ENTER(cuMemcpyDtoDAsync, stream, CONTEXT);
  if (bytes == 0) {
    return SUCCESS;
  }
  if (memoryAt(to, bytes) == nullptr || memoryAt(from, bytes) == nullptr) {
    violation("a copy on the device of %llu bytes names memory that is not there", (unsigned long long)bytes);
    return call.result = INVALID_VALUE;
  }
  Op op = {};
  op.kind = Op::COPY_ON_DEVICE;
  op.to = to;
  op.from = from;
  op.bytes = bytes;
  return call.result = enqueue(stream, op);
}

FAKE_API CUresult cuMemsetD32Async(DevicePtr to, unsigned int pattern, size_t words, Handle stream) {
  ENTER(cuMemsetD32Async, stream, CONTEXT);
  if (words == 0) {
    return SUCCESS;
  }
  if (to % 4 != 0 || memoryAt(to, words * 4) == nullptr) {
    violation("a fill of %llu words names memory that is not there or not aligned", (unsigned long long)words);
    return call.result = INVALID_VALUE;
  }
  Op op = {};
  op.kind = Op::FILL;
  op.to = to;
  op.bytes = words * 4;
  op.pattern = pattern;
  return call.result = enqueue(stream, op);
}
