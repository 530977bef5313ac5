/*
 * Latency of one-sided operations from post to completion, written as directly as C allows: two queue
 * pairs of one process, connected with each other, busy-polled.
 *
 *   latency DEVICE IPV4_ADDRESS OPERATIONS
 *
 * For every line on standard input it runs one round and prints one line of JSON with the medians in
 * microseconds: {"casUs": .., "readUs": .., "writeUs": ..}. So two such programs can take turns and
 * see the same machine. It ends at the end of its input.
 */
#include "rc.h"

enum { WORD_BYTES = 8, PAGE_BYTES = 4096, WARM_UP = 200, MAX_LINE = 64 };

/* Where things lie in the registered memory; apart, so that no line of cache is shared. */
enum { LOCAL_OFFSET = 0, REMOTE_OFFSET = 1024, ATOMIC_OFFSET = 2048 };

static char *memory;
static struct ibv_mr *region;

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static void prepare(struct ibv_send_wr *request, struct ibv_sge *local, enum ibv_wr_opcode opcode) {
  *local = (struct ibv_sge){
      .addr = (uintptr_t)memory + LOCAL_OFFSET, .length = WORD_BYTES, .lkey = region->lkey};
  *request = (struct ibv_send_wr){
      .sg_list = local, .num_sge = 1, .opcode = opcode, .send_flags = IBV_SEND_SIGNALED};
  if (opcode == IBV_WR_ATOMIC_CMP_AND_SWP) {
    request->wr.atomic.remote_addr = (uintptr_t)memory + ATOMIC_OFFSET;
    request->wr.atomic.rkey = region->rkey;
  } else {
    request->wr.rdma.remote_addr = (uintptr_t)memory + REMOTE_OFFSET;
    request->wr.rdma.rkey = region->rkey;
  }
}

/* Median in microseconds. Every CAS succeeds: each expects what the last one stored. */
static double measure(struct rc_queue *queue, enum ibv_wr_opcode opcode, uint64_t *times,
                      int operations) {
  volatile uint64_t *word = (volatile uint64_t *)(memory + ATOMIC_OFFSET);
  struct ibv_send_wr request;
  struct ibv_sge local;
  prepare(&request, &local, opcode);
  uint64_t value = *word = 0;
  for (int i = -WARM_UP; i < operations; i++) {
    if (opcode == IBV_WR_ATOMIC_CMP_AND_SWP) {
      request.wr.atomic.compare_add = value;
      request.wr.atomic.swap = ++value;
    }
    uint64_t start = now_ns();
    rc_post(queue, &request);
    rc_spin(queue);
    if (i >= 0) {
      times[i] = now_ns() - start;
    }
  }
  if (*word != value) {
    die("%d CAS left %llu in the word", operations + WARM_UP, (unsigned long long)*word);
  }
  qsort(times, (size_t)operations, sizeof *times, compare);
  return (double)(times[(operations - 1) / 2] + times[operations / 2]) / 2e3;
}

int main(int count, char **arguments) {
  int operations = count == 4 ? atoi(arguments[3]) : 0;
  if (operations < 1) {
    die("usage: latency DEVICE IPV4_ADDRESS OPERATIONS");
  }
  struct rc_device device = rc_open(arguments[1], arguments[2]);
  uint64_t *times = calloc((size_t)operations, sizeof *times);
  memory = aligned_alloc(PAGE_BYTES, PAGE_BYTES);
  if (!times || !memory) {
    die("no memory");
  }
  memset(memory, 0, PAGE_BYTES);
  region = rc_register(&device, memory, PAGE_BYTES, RC_ACCESS);
  struct rc_queue active = rc_create(&device), passive = rc_create(&device);
  rc_connect(&device, &active, rc_address_of(&device, &passive));
  rc_connect(&device, &passive, rc_address_of(&device, &active));
  char line[MAX_LINE];
  while (fgets(line, sizeof line, stdin)) {
    double cas = measure(&active, IBV_WR_ATOMIC_CMP_AND_SWP, times, operations);
    double read = measure(&active, IBV_WR_RDMA_READ, times, operations);
    double write = measure(&active, IBV_WR_RDMA_WRITE, times, operations);
    printf("{\"casUs\": %.3f, \"readUs\": %.3f, \"writeUs\": %.3f}\n", cas, read, write);
    fflush(stdout);
  }
  return 0;
}
