/*
 * Prints the frequency of the processor's time stamp counter in kHz, measured against the monotonic
 * clock. An emulated guest counts the host's ticks; told their frequency it need not measure it, which
 * goes wrong on a busy host and then makes its clock run fast or slow for good.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

enum { SAMPLES = 16, INTERVAL_NS = 100000000 };

struct instant {
  double ns;
  uint64_t ticks;
};

/* The clock and the counter at one moment: of some tries the one that took the shortest time. */
static struct instant read_both(void) {
  struct instant best = {0};
  uint64_t shortest = UINT64_MAX;
  for (int i = 0; i < SAMPLES; i++) {
    struct timespec time;
    uint64_t before = __rdtsc();
    clock_gettime(CLOCK_MONOTONIC, &time);
    uint64_t after = __rdtsc();
    if (after - before < shortest) {
      shortest = after - before;
      best = (struct instant){(double)time.tv_sec * 1e9 + (double)time.tv_nsec, before};
    }
  }
  return best;
}

int main(void) {
  struct instant start = read_both();
  struct timespec interval = {.tv_nsec = INTERVAL_NS};
  nanosleep(&interval, NULL);
  struct instant end = read_both();
  printf("%.0f\n", (double)(end.ticks - start.ticks) / (end.ns - start.ns) * 1e6);
  return 0;
}
