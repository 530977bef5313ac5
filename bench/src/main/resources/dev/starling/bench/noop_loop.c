/*
 * The rival of VerbsBenchmark: one RDMA operation at a time, its request written, posted and its
 * completion polled, as directly as C allows. Linked with the device of rdma's tests.
 */
#include <infiniband/verbs.h>
#include <stdint.h>

enum { DEPTH = 64, POLLED_AT_ONCE = 16, LINE_WORDS = 8 };

static struct ibv_context *context;
static struct ibv_pd *domain;
static struct ibv_cq *queue;
static struct ibv_qp *pair;
static struct ibv_mr *region;
static uint64_t memory[2 * LINE_WORDS] __attribute__((aligned(64)));

/* Gives 0, or -1 when the device refuses something. */
int rival_open(void) {
  struct ibv_device **devices = ibv_get_device_list(NULL);
  if (!devices || !devices[0]) {
    return -1;
  }
  context = ibv_open_device(devices[0]);
  ibv_free_device_list(devices);
  domain = context ? ibv_alloc_pd(context) : NULL;
  region = domain ? ibv_reg_mr(domain, memory, sizeof memory, IBV_ACCESS_LOCAL_WRITE) : NULL;
  queue = context ? ibv_create_cq(context, DEPTH, NULL, NULL, 0) : NULL;
  struct ibv_qp_init_attr attributes = {
      .send_cq = queue,
      .recv_cq = queue,
      .qp_type = IBV_QPT_RC,
      .cap = {.max_send_wr = DEPTH, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1}};
  pair = queue && region ? ibv_create_qp(domain, &attributes) : NULL;
  return pair ? 0 : -1;
}

/* Gives 0, or -1 when a request did not complete. */
int rival_run(int opcode, long count) {
  struct ibv_wc completions[POLLED_AT_ONCE];
  struct ibv_send_wr *refused;
  for (long i = 0; i < count; i++) {
    struct ibv_sge local = {
        .addr = (uintptr_t)memory, .length = sizeof memory[0], .lkey = region->lkey};
    struct ibv_send_wr request = {.wr_id = (uint64_t)i,
                                  .sg_list = &local,
                                  .num_sge = 1,
                                  .opcode = (enum ibv_wr_opcode)opcode,
                                  .send_flags = IBV_SEND_SIGNALED};
    if (opcode == IBV_WR_ATOMIC_CMP_AND_SWP) {
      request.wr.atomic.remote_addr = (uintptr_t)&memory[LINE_WORDS];
      request.wr.atomic.rkey = region->rkey;
      request.wr.atomic.compare_add = (uint64_t)i;
      request.wr.atomic.swap = (uint64_t)i + 1;
    } else {
      request.wr.rdma.remote_addr = (uintptr_t)&memory[LINE_WORDS];
      request.wr.rdma.rkey = region->rkey;
    }
    if (ibv_post_send(pair, &request, &refused) ||
        ibv_poll_cq(queue, POLLED_AT_ONCE, completions) != 1 ||
        completions[0].status != IBV_WC_SUCCESS || completions[0].wr_id != (uint64_t)i) {
      return -1;
    }
  }
  return 0;
}

void rival_close(void) {
  ibv_destroy_qp(pair);
  ibv_destroy_cq(queue);
  ibv_dereg_mr(region);
  ibv_dealloc_pd(domain);
  ibv_close_device(context);
}
