// Streams, events and launches as calls; what runs later is in fake_queue.cpp.
#include <cstring>

#include "fake_cuda.h"

namespace {

const unsigned int DISABLE_TIMING = 2;
const uint64_t SHARED_LIMIT_BYTES = 49152;

Stream *streamOf(Handle handle, Handle context, const char *function) {
  auto found = state.streams.find(handle);
  if (found == state.streams.end() || found->second.destroyed) {
    violation("%s was given a stream that is not there", function);
    return nullptr;
  }
  if (found->second.context != context) {
    violation("%s was given a stream of another context than the current one", function);
    return nullptr;
  }
  return &found->second;
}

Event *eventOf(Handle handle, const char *function) {
  auto found = state.events.find(handle);
  if (found == state.events.end()) {
    violation("%s was given an event that is not there", function);
    return nullptr;
  }
  return &found->second;
}

bool isShape(const GridShape &s, const Entry &entry) {
  uint64_t threads = (uint64_t)s.blockX * s.blockY * s.blockZ;
  return s.gridX > 0 && s.gridY > 0 && s.gridZ > 0 && threads > 0 && s.gridX <= 0x7fffffffu && s.gridY <= 65535 &&
         s.gridZ <= 65535 && s.blockX <= 1024 && s.blockY <= 1024 && s.blockZ <= 64 && threads <= entry.maxThreads;
}

}  // namespace

FAKE_API CUresult cuStreamCreate(Handle *stream, unsigned int flags) {
  ENTER(cuStreamCreate, 0, CONTEXT);
  if (flags > 1) {
    return call.result = INVALID_VALUE;
  }
  *stream = state.nextHandle++;
  state.streams[*stream] = {call.context, false, false, 0, {}};
  call.made(*stream);
  return SUCCESS;
}

FAKE_API CUresult cuStreamDestroy_v2(Handle stream) {
  Call call(F_cuStreamDestroy, stream, RELEASE);
  auto found = state.streams.find(stream);
  if (call.injected && found != state.streams.end()) {
    found->second.excused = true;
  }
  if (call.result != SUCCESS) {
    return call.result;
  }
  Stream *live = streamOf(stream, call.context, "cuStreamDestroy");
  if (live == nullptr) {
    return call.result = INVALID_HANDLE;
  }
  if (live->queue.empty()) {
    state.streams.erase(found);
  } else {
    violation("a stream was destroyed with %zu operations queued", live->queue.size());
    live->destroyed = true;
    live->excused = true;
  }
  return call.result = call.sticky;
}

FAKE_API CUresult cuStreamQuery(Handle stream) {
  ENTER(cuStreamQuery, stream, CONTEXT);
  if (streamOf(stream, call.context, "cuStreamQuery") == nullptr) {
    return call.result = INVALID_HANDLE;
  }
  progress();
  if (state.contexts[call.context].error != SUCCESS) {
    return call.result = state.contexts[call.context].error;
  }
  return call.result = state.streams[stream].queue.empty() ? SUCCESS : NOT_READY;
}

FAKE_API CUresult cuStreamWaitEvent(Handle stream, Handle event, unsigned int flags) {
  ENTER(cuStreamWaitEvent, stream, CONTEXT);
  Stream *waits = streamOf(stream, call.context, "cuStreamWaitEvent");
  Event *waitedFor = eventOf(event, "cuStreamWaitEvent");
  if (waits == nullptr || waitedFor == nullptr) {
    return call.result = INVALID_HANDLE;
  }
  if (flags != 0) {
    return call.result = INVALID_VALUE;
  }
  if (waitedFor->last == nullptr) {
    return SUCCESS;
  }
  Op op = {};
  op.kind = Op::WAIT;
  op.record = waitedFor->last;
  return call.result = enqueue(stream, op);
}

FAKE_API CUresult cuEventCreate(Handle *event, unsigned int flags) {
  ENTER(cuEventCreate, 0, CONTEXT);
  *event = state.nextHandle++;
  state.events[*event] = {call.context, (flags & DISABLE_TIMING) == 0, false, nullptr};
  call.made(*event);
  return SUCCESS;
}

FAKE_API CUresult cuEventDestroy_v2(Handle event) {
  Call call(F_cuEventDestroy, event, RELEASE);
  auto found = state.events.find(event);
  if (call.injected && found != state.events.end()) {
    found->second.excused = true;
  }
  if (call.result != SUCCESS) {
    return call.result;
  }
  if (eventOf(event, "cuEventDestroy") == nullptr) {
    return call.result = INVALID_HANDLE;
  }
  state.events.erase(event);
  return call.result = call.sticky;
}

FAKE_API CUresult cuEventRecord(Handle event, Handle stream) {
  ENTER(cuEventRecord, event, CONTEXT);
  Event *recorded = eventOf(event, "cuEventRecord");
  Stream *on = streamOf(stream, call.context, "cuEventRecord");
  if (recorded == nullptr || on == nullptr) {
    return call.result = INVALID_HANDLE;
  }
  if (recorded->context != on->context) {
    violation("an event was recorded on a stream of another context");
    return call.result = INVALID_HANDLE;
  }
  recorded->last = std::make_shared<Record>(Record{false, 0});
  Op op = {};
  op.kind = Op::RECORD;
  op.record = recorded->last;
  return call.result = enqueue(stream, op);
}

FAKE_API CUresult cuEventQuery(Handle event) {
  ENTER(cuEventQuery, event, CONTEXT);
  if (eventOf(event, "cuEventQuery") == nullptr) {
    return call.result = INVALID_HANDLE;
  }
  progress();
  if (state.contexts[call.context].error != SUCCESS) {
    return call.result = state.contexts[call.context].error;
  }
  const Event &asked = state.events[event];
  return call.result = asked.last == nullptr || asked.last->done ? SUCCESS : NOT_READY;
}

FAKE_API CUresult cuEventElapsedTime(float *milliseconds, Handle start, Handle end) {
  ENTER(cuEventElapsedTime, start, CONTEXT);
  Event *first = eventOf(start, "cuEventElapsedTime");
  Event *second = eventOf(end, "cuEventElapsedTime");
  if (first == nullptr || second == nullptr || first->last == nullptr || second->last == nullptr) {
    return call.result = INVALID_HANDLE;
  }
  if (!first->timed || !second->timed) {
    violation("the time was asked of an event that keeps none");
    return call.result = INVALID_HANDLE;
  }
  if (!first->last->done || !second->last->done) {
    return call.result = NOT_READY;
  }
  *milliseconds = (float)((second->last->timeNs - first->last->timeNs) / 1e6);
  return SUCCESS;
}

FAKE_API CUresult cuLaunchKernel(Handle function, unsigned int gridX, unsigned int gridY, unsigned int gridZ,
                                 unsigned int blockX, unsigned int blockY, unsigned int blockZ,
                                 unsigned int sharedBytes, Handle stream, void **parameters, void **extra) {
  ENTER(cuLaunchKernel, stream, CONTEXT);
  auto found = state.entries.find(function);
  if (found == state.entries.end()) {
    violation("cuLaunchKernel was given a function that is not there");
    return call.result = INVALID_HANDLE;
  }
  const Entry &entry = found->second;
  if (state.modules[entry.module].context != call.context) {
    violation("cuLaunchKernel was given a function of another context than the current one");
    return call.result = INVALID_HANDLE;
  }
  Op op = {};
  op.kind = Op::KERNEL;
  op.module = entry.module;
  op.kernel = entry.kernel;
  op.shape = {gridX, gridY, gridZ, blockX, blockY, blockZ};
  if (!isShape(op.shape, entry) || sharedBytes > SHARED_LIMIT_BYTES || parameters == nullptr || extra != nullptr) {
    violation("%s was launched with %u x %u x %u blocks of %u x %u x %u threads and %u bytes", entry.kernel->name,
              gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes);
    return call.result = INVALID_VALUE;
  }
  for (int i = 0; i < entry.kernel->parameters; i++) {
    memcpy(&op.values[i], parameters[i], entry.kernel->bytes[i]);
  }
  count("launches", 1);
  return call.result = enqueue(stream, op);
}

CUresult enqueue(Handle stream, const Op &op) {
  auto found = state.streams.find(stream);
  if (stream == 0 || found == state.streams.end() || found->second.destroyed) {
    violation(stream == 0 ? "the default stream was used: it waits for all others"
                          : "work was given to a stream that is not there");
    return INVALID_HANDLE;
  }
  found->second.queue.push_back(op);
  if (state.eager) {
    runAll();
  }
  return SUCCESS;
}
