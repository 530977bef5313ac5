// Runs what is queued on the streams, one operation at a time.
#include <algorithm>
#include <cstring>

#include "fake_cuda.h"

namespace {

enum Engine { TO_DEVICE, TO_HOST, PROCESSORS };

/** No query runs more operations than this, so that work stays queued. */
const uint64_t MOST_AT_ONCE = 3;

bool isRunnable(const Stream &stream) {
  return !stream.queue.empty() && (stream.queue.front().kind != Op::WAIT || stream.queue.front().record->done);
}

bool overlaps(DevicePtr start, uint64_t bytes, const Memory &memory) {
  return start < memory.address + memory.bytes && memory.address < start + bytes;
}

bool overlapsHost(uintptr_t start, uint64_t bytes, const Memory &memory) {
  uintptr_t real = (uintptr_t)memory.real;
  return memory.host && start < real + memory.bytes && real < start + bytes;
}

bool uses(const Op &op, const Memory &memory) {
  switch (op.kind) {
    case Op::KERNEL:
      for (int i = 0; i < op.kernel->parameters; i++) {
        if (op.kernel->pointer[i] && overlaps(op.values[i], 1, memory)) {
          return true;
        }
      }
      return false;
    case Op::COPY_TO_DEVICE:
      return overlaps(op.to, op.bytes, memory) || overlapsHost(op.from, op.bytes, memory);
    case Op::COPY_TO_HOST:
      return overlapsHost(op.to, op.bytes, memory) || overlaps(op.from, op.bytes, memory);
    case Op::COPY_ON_DEVICE:
      return overlaps(op.to, op.bytes, memory) || overlaps(op.from, op.bytes, memory);
    case Op::FILL:
      return overlaps(op.to, op.bytes, memory);
    default:
      return false;
  }
}

const char *nameOfOp(const Op &op) {
  static const char *const names[] = {"", "a copy to the device", "a copy to the host", "a copy on the device",
                                      "a fill", "a record", "a wait"};
  return op.kind == Op::KERNEL ? op.kernel->name : names[op.kind];
}

/** Advances the clocks of a stream and of the engine that it needs. */
void spend(Stream &stream, Engine engine, double ns) {
  double &engineFree = state.devices[state.contexts[stream.context].device].engineFree[engine];
  stream.timeNs = std::max(stream.timeNs, engineFree) + ns;
  engineFree = stream.timeNs;
}

void fail(Stream &stream, CUresult error) {
  state.contexts[stream.context].error = error;
  dropQueuesOf(stream.context);
}

/** Puts the CPU's address in the place of each pointer, and lists the memory behind them. */
void translate(const Op &op, uint64_t *values, Windows *windows) {
  for (int i = 0; i < op.kernel->parameters; i++) {
    values[i] = op.values[i];
    Memory *memory = op.kernel->pointer[i] ? memoryAt(op.values[i], 1) : nullptr;
    if (memory == nullptr) {
      continue;
    }
    values[i] = (uint64_t)(uintptr_t)memory->real + (op.values[i] - memory->address);
    bool listed = false;
    for (int k = 0; k < windows->count; k++) {
      listed = listed || windows->of[k].start == (uintptr_t)memory->real;
    }
    if (!listed) {
      windows->of[windows->count++] = {(uintptr_t)memory->real, memory->bytes, memory->host};
    }
  }
}

void runKernel(Stream &stream, const Op &op) {
  uint64_t values[MAX_PARAMETERS];
  void *pointers[MAX_PARAMETERS];
  Windows windows = {};
  translate(op, values, &windows);
  for (int i = 0; i < op.kernel->parameters; i++) {
    pointers[i] = &values[i];
  }
  Outcome outcome = fake_run_grid(*op.kernel, op.shape, pointers, &windows, draw64());
  spend(stream, PROCESSORS,
        state.launchNs + std::max(windows.deviceBytes / state.deviceRate, windows.hostBytes / state.mappedRate));
  count("kernelDeviceBytes", windows.deviceBytes);
  count("kernelHostBytes", windows.hostBytes);
  if (outcome.fault != Fault::NONE) {
    violation("%s, block %u,%u thread %u,%u: %s access of %llu bytes at %#llx", op.kernel->name, outcome.at.blockX,
              outcome.at.blockY, outcome.at.threadX, outcome.at.threadY,
              outcome.fault == Fault::ILLEGAL ? "illegal" : "misaligned", (unsigned long long)outcome.bytes,
              (unsigned long long)outcome.address);
    fail(stream, outcome.fault == Fault::ILLEGAL ? ILLEGAL_ADDRESS : MISALIGNED_ADDRESS);
  }
}

void runCopy(Stream &stream, const Op &op) {
  char *to = op.kind == Op::COPY_TO_HOST ? (char *)op.to : realAddress(op.to, op.bytes);
  const char *from = op.kind == Op::COPY_TO_DEVICE ? (const char *)op.from : realAddress(op.from, op.bytes);
  if (to == nullptr || from == nullptr) {
    violation("%s ran after its device memory had been freed", nameOfOp(op));
    fail(stream, ILLEGAL_ADDRESS);
    return;
  }
  memmove(to, from, op.bytes);
  if (op.kind == Op::COPY_ON_DEVICE) {
    spend(stream, PROCESSORS, 2 * op.bytes / state.deviceRate);
  } else {
    count(op.kind == Op::COPY_TO_DEVICE ? "toDeviceBytes" : "toHostBytes", op.bytes);
    spend(stream, op.kind == Op::COPY_TO_DEVICE ? TO_DEVICE : TO_HOST, state.launchNs + op.bytes / state.copyRate);
  }
}

void runFill(Stream &stream, const Op &op) {
  char *to = realAddress(op.to, op.bytes);
  if (to == nullptr) {
    violation("a fill ran after its device memory had been freed");
    fail(stream, ILLEGAL_ADDRESS);
    return;
  }
  for (uint64_t i = 0; i < op.bytes; i += sizeof op.pattern) {
    memcpy(to + i, &op.pattern, sizeof op.pattern);
  }
  spend(stream, PROCESSORS, op.bytes / state.deviceRate);
}

/** Runs the first operation of a stream. */
void runOne(Handle handle) {
  Stream &stream = state.streams[handle];
  Op op = stream.queue.front();
  stream.queue.pop_front();
  switch (op.kind) {
    case Op::KERNEL:
      runKernel(stream, op);
      break;
    case Op::FILL:
      runFill(stream, op);
      break;
    case Op::RECORD:
      op.record->done = true;
      op.record->timeNs = stream.timeNs;
      break;
    case Op::WAIT:
      stream.timeNs = std::max(stream.timeNs, op.record->timeNs);
      break;
    default:
      runCopy(stream, op);
  }
  if (stream.destroyed && stream.queue.empty()) {
    state.streams.erase(handle);
  }
}

/** Runs an operation of a stream that the seed chooses; false when none can run. */
bool runAny() {
  std::vector<Handle> runnable;
  for (auto &stream : state.streams) {
    if (isRunnable(stream.second)) {
      runnable.push_back(stream.first);
    }
  }
  if (state.hang || runnable.empty()) {
    return false;
  }
  runOne(runnable[drawBelow(runnable.size())]);
  return true;
}

}  // namespace

void progress() {
  for (uint64_t left = drawBelow(MOST_AT_ONCE + 1); left > 0 && runAny(); left--) {
  }
}

void runAll() {
  while (runAny()) {
  }
}

bool runToEnd(Handle stream) {
  auto found = state.streams.find(stream);
  while (found != state.streams.end() && !found->second.queue.empty()) {
    if (!runAny()) {
      return false;
    }
    found = state.streams.find(stream);
  }
  return true;
}

const char *queuedUse(const Memory &memory) {
  for (auto &stream : state.streams) {
    for (auto &op : stream.second.queue) {
      if (uses(op, memory)) {
        return nameOfOp(op);
      }
    }
  }
  return nullptr;
}

const char *queuedUseOfModule(Handle module) {
  for (auto &stream : state.streams) {
    for (auto &op : stream.second.queue) {
      if (op.kind == Op::KERNEL && op.module == module) {
        return nameOfOp(op);
      }
    }
  }
  return nullptr;
}

void dropQueuesOf(Handle context) {
  for (auto &stream : state.streams) {
    if (stream.second.context == context) {
      stream.second.queue.clear();
    }
  }
}
