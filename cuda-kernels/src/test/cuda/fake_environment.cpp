// The fake driver in a process that no test controls: the environment says what machine it shows and
// where it tells, when the process ends, what was left behind.
//
//   STARLING_FAKE_CUDA_DEVICES   devices of compute capability 9.0 with 1 GiB; 0 unless set
//   STARLING_FAKE_CUDA_SEED      order in which operations run
//   STARLING_FAKE_CUDA_REPORT    a file for the counts and violations, "name=number" and sentences
#include <cstdio>
#include <cstdlib>

#include "fake_cuda.h"

extern "C" {
void fake_reset(uint64_t seed);
void fake_set_devices(int count, int capability, uint64_t memoryBytes);
const char *fake_counts();
const char *fake_violations();
}

namespace {

struct Environment {
  Environment() {
    if (const char *devices = getenv("STARLING_FAKE_CUDA_DEVICES")) {
      const char *seed = getenv("STARLING_FAKE_CUDA_SEED");
      fake_reset(seed == nullptr ? 0 : strtoull(seed, nullptr, 10));
      fake_set_devices(atoi(devices), 90, 1ull << 30);
    }
  }

  ~Environment() {
    const char *path = getenv("STARLING_FAKE_CUDA_REPORT");
    FILE *report = path == nullptr ? nullptr : fopen(path, "w");
    if (report != nullptr) {
      fputs(fake_counts(), report);
      fputs(fake_violations(), report);
      fclose(report);
    }
  }
};

}  // namespace

/** The controls lie in a file that is linked before this one, so their state is there. */
static Environment environment;
