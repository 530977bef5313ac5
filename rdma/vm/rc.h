/*
 * Reliable connected queue pairs for the programs of the lane: device, queue pair, connection, one
 * operation at a time from post to completion. Every failure ends the program with a sentence and
 * exit code 1; no wait is without a bound.
 *
 * The parameters of the queue pairs are those of the Java side, so that latencies can be compared.
 */
#ifndef STARLING_VM_RC_H
#define STARLING_VM_RC_H

#include <arpa/inet.h>
#include <errno.h>
#include <infiniband/verbs.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
  RC_PORT = 1,
  RC_DEPTH = 64,              /* send requests of a queue pair, and completions */
  RC_MAX_RD_ATOMIC = 16,      /* outstanding READs and atomics */
  RC_MIN_RNR_TIMER = 12,      /* 0.64 ms */
  RC_TIMEOUT = 17,            /* 4.096 us * 2^17 = 0.54 s: a guest may have to wait for its host */
  RC_RETRIES = 6,             /* 7 would be without end on soft-RoCE */
  RC_HOP_LIMIT = 8,
  RC_MAX_GIDS = 64,
  RC_COMPLETION_LIMIT_S = 30,
  RC_POLLS_PER_CLOCK = 1024   /* looking at the clock is as slow as polling */
};

#define RC_ACCESS (IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC)

struct rc_device {
  struct ibv_context *context;
  struct ibv_pd *domain;
  union ibv_gid gid;
  int gid_index;
  enum ibv_mtu mtu;
};

struct rc_queue {
  struct ibv_comp_channel *channel;
  struct ibv_cq *completions;
  struct ibv_qp *pair;
};

/* What the other side must know to connect. */
struct rc_address {
  union ibv_gid gid;
  uint32_t number;
};

static inline void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

static inline uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* The GID that holds an IPv4 address: its last six bytes are ffff and the address. */
static inline void rc_find_gid(struct rc_device *device, const char *address) {
  struct in6_addr wanted = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
  if (inet_pton(AF_INET, address, &wanted.s6_addr[12]) != 1) {
    die("'%s' is no IPv4 address", address);
  }
  for (int i = 0; i < RC_MAX_GIDS; i++) {
    if (ibv_query_gid(device->context, RC_PORT, i, &device->gid)) {
      break;
    }
    if (!memcmp(device->gid.raw, wanted.s6_addr, sizeof wanted)) {
      device->gid_index = i;
      return;
    }
  }
  die("%s is not among the GIDs of port %d", address, RC_PORT);
}

static inline struct rc_device rc_open(const char *name, const char *address) {
  struct rc_device device = {0};
  int count;
  struct ibv_device **list = ibv_get_device_list(&count);
  for (int i = 0; list && i < count; i++) {
    if (!strcmp(ibv_get_device_name(list[i]), name)) {
      device.context = ibv_open_device(list[i]);
    }
  }
  if (list) {
    ibv_free_device_list(list);
  }
  if (!device.context) {
    die("device '%s' cannot be opened: %s", name, strerror(errno));
  }
  struct ibv_port_attr port;
  int error = ibv_query_port(device.context, RC_PORT, &port);
  if (error) {
    die("ibv_query_port of %s failed: %s", name, strerror(error));
  }
  device.mtu = port.active_mtu;
  rc_find_gid(&device, address);
  device.domain = ibv_alloc_pd(device.context);
  if (!device.domain) {
    die("ibv_alloc_pd on %s failed: %s", name, strerror(errno));
  }
  return device;
}

static inline struct ibv_mr *rc_register(const struct rc_device *device, void *start, size_t bytes,
                                         int access) {
  struct ibv_mr *region = ibv_reg_mr(device->domain, start, bytes, access | IBV_ACCESS_LOCAL_WRITE);
  if (!region) {
    die("ibv_reg_mr of %zu bytes failed: %s", bytes, strerror(errno));
  }
  return region;
}

static inline struct rc_queue rc_create(const struct rc_device *device) {
  struct rc_queue queue;
  queue.channel = ibv_create_comp_channel(device->context);
  if (!queue.channel) {
    die("ibv_create_comp_channel failed: %s", strerror(errno));
  }
  queue.completions = ibv_create_cq(device->context, RC_DEPTH, NULL, queue.channel, 0);
  if (!queue.completions) {
    die("ibv_create_cq failed: %s", strerror(errno));
  }
  struct ibv_qp_init_attr attributes = {
      .send_cq = queue.completions,
      .recv_cq = queue.completions,
      .qp_type = IBV_QPT_RC,
      .cap = {.max_send_wr = RC_DEPTH, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1}};
  queue.pair = ibv_create_qp(device->domain, &attributes);
  if (!queue.pair) {
    die("ibv_create_qp failed: %s", strerror(errno));
  }
  return queue;
}

static inline struct rc_address rc_address_of(const struct rc_device *device,
                                              const struct rc_queue *queue) {
  return (struct rc_address){.gid = device->gid, .number = queue->pair->qp_num};
}

static inline void rc_modify(struct rc_queue *queue, struct ibv_qp_attr *attributes, int mask,
                             const char *state) {
  int error = ibv_modify_qp(queue->pair, attributes, mask);
  if (error) {
    die("moving queue pair %u to %s failed: %s", queue->pair->qp_num, state, strerror(error));
  }
}

static inline void rc_connect(const struct rc_device *device, struct rc_queue *queue,
                              struct rc_address remote) {
  struct ibv_qp_attr init = {
      .qp_state = IBV_QPS_INIT, .port_num = RC_PORT, .qp_access_flags = RC_ACCESS};
  rc_modify(queue, &init,
            IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS, "INIT");
  struct ibv_qp_attr receive = {.qp_state = IBV_QPS_RTR,
                                .path_mtu = device->mtu,
                                .dest_qp_num = remote.number,
                                .max_dest_rd_atomic = RC_MAX_RD_ATOMIC,
                                .min_rnr_timer = RC_MIN_RNR_TIMER,
                                .ah_attr = {.is_global = 1,
                                            .port_num = RC_PORT,
                                            .grh = {.dgid = remote.gid,
                                                    .sgid_index = (uint8_t)device->gid_index,
                                                    .hop_limit = RC_HOP_LIMIT}}};
  rc_modify(queue, &receive,
            IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
                IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER,
            "RTR");
  struct ibv_qp_attr send = {.qp_state = IBV_QPS_RTS,
                             .timeout = RC_TIMEOUT,
                             .retry_cnt = RC_RETRIES,
                             .rnr_retry = RC_RETRIES,
                             .max_rd_atomic = RC_MAX_RD_ATOMIC};
  rc_modify(queue, &send,
            IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN |
                IBV_QP_MAX_QP_RD_ATOMIC,
            "RTS");
}

static inline void rc_post(struct rc_queue *queue, struct ibv_send_wr *request) {
  struct ibv_send_wr *refused;
  int error = ibv_post_send(queue->pair, request, &refused);
  if (error) {
    die("ibv_post_send of opcode %d failed: %s", (int)request->opcode, strerror(error));
  }
}

static inline void rc_check(const struct rc_queue *queue, int count,
                            const struct ibv_wc *completion) {
  if (count < 0) {
    die("ibv_poll_cq of queue pair %u failed", queue->pair->qp_num);
  }
  if (completion->status != IBV_WC_SUCCESS) {
    die("queue pair %u: %s, vendor error %u", queue->pair->qp_num,
        ibv_wc_status_str(completion->status), completion->vendor_err);
  }
}

/* Polls, and does nothing else, until one signalled request is complete. */
static inline void rc_spin(struct rc_queue *queue) {
  struct ibv_wc completion;
  uint64_t start = 0;
  int count;
  for (unsigned polls = 1; (count = ibv_poll_cq(queue->completions, 1, &completion)) == 0; polls++) {
    if (polls % RC_POLLS_PER_CLOCK == 0) {
      start = start ? start : now_ns();
      if (now_ns() - start > RC_COMPLETION_LIMIT_S * 1000000000ull) {
        die("no completion on queue pair %u in %d s", queue->pair->qp_num, RC_COMPLETION_LIMIT_S);
      }
    }
  }
  rc_check(queue, count, &completion);
}

/* Sleeps until the device has something to tell, so that others get the processor. */
static inline void rc_sleep(struct rc_queue *queue) {
  struct pollfd event = {.fd = queue->channel->fd, .events = POLLIN};
  if (poll(&event, 1, RC_COMPLETION_LIMIT_S * 1000) != 1) {
    die("no completion on queue pair %u in %d s", queue->pair->qp_num, RC_COMPLETION_LIMIT_S);
  }
  struct ibv_cq *completions;
  void *context;
  if (ibv_get_cq_event(queue->channel, &completions, &context)) {
    die("ibv_get_cq_event failed: %s", strerror(errno));
  }
  ibv_ack_cq_events(completions, 1);
}

/* Waits until one signalled request is complete. */
static inline void rc_await(struct rc_queue *queue) {
  struct ibv_wc completion;
  int count = ibv_poll_cq(queue->completions, 1, &completion);
  while (count == 0) {
    int error = ibv_req_notify_cq(queue->completions, 0);
    if (error) {
      die("ibv_req_notify_cq failed: %s", strerror(error));
    }
    /* What came before the request for an event causes none. */
    count = ibv_poll_cq(queue->completions, 1, &completion);
    if (count == 0) {
      rc_sleep(queue);
      count = ibv_poll_cq(queue->completions, 1, &completion);
    }
  }
  rc_check(queue, count, &completion);
}

#endif
