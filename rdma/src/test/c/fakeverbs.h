/*
 * A libibverbs and librdmacm for tests: RDMA inside one process, with real memory semantics and no
 * device.
 *
 *   fakecontrol.c  the lock, event queues, counters, faults; the fake_* functions of this page
 *   fakeverbs.c    devices, contexts, protection domains, regions, asynchronous events
 *   fakecq.c       completion channels and queues
 *   fakeqp.c       queue pairs: how they are made, connected and destroyed
 *   fakewr.c       requests: how they are posted, what they do, how they complete
 *   fakecm.c       rdma_cm: ids, addresses, events
 *   fakeconn.c     rdma_cm: queue pairs, connections
 *
 * One mutex guards everything. Objects are never freed once destroyed, so that a use after the end
 * is a recorded misuse and not a crash; what a test must not do at all is recorded there too.
 *
 * What differs from a real device: a request is executed inside ibv_post_send (or, with a delay,
 * inside a later ibv_poll_cq of its own completion queue), so nothing moves while no side calls; and
 * the only queue pairs that can be reached are those of the same process.
 */
#ifndef FAKEVERBS_H
#define FAKEVERBS_H

#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>
#include <stdbool.h>
#include <stdint.h>

/* The headers shadow these functions, which are defined here. */
#undef ibv_query_port
#undef ibv_reg_mr
#undef ibv_reg_mr_iova

#define FK_DEVICES 2
#define FK_GIDS 8
/* The vendor error of every failed completion. */
#define FK_VENDOR_ERR 0x51
/* What fields of a failed completion hold that a device leaves undefined. */
#define FK_UNDEFINED 0x7e

/* ---- What tests call -------------------------------------------------------------------------*/

/* Ends every fault, delay, quirk and device setting and zeroes all counters but those of live
 * objects. Gives the number of objects that are still alive. */
long fake_reset(void);
/* How many devices ibv_get_device_list lists, 0 to 2. */
void fake_set_device_count(int count);
/* Sets a device attribute: atomic_cap, max_qp_rd_atom (also as initiator), max_qp_wr, max_cqe,
 * max_sge, max_mr_size, or of its port: port_state, active_mtu, max_msg_sz, link_layer. Gives 0, or
 * -1 for an unknown name. */
int fake_set_device(int device, const char *field, uint64_t value);

/* A request has its effect and completes only after this many polls of its completion queue. One
 * that is armed is not polled, so requests of an armed queue complete at once. */
void fake_set_delay(int polls);
/* As fake_set_delay, for one queue pair; -1 for what all have. */
int fake_set_qp_delay(uint32_t qp_num, int polls);
/* Adds 0 to max_polls to the delay of each request, from a seeded generator. */
void fake_set_jitter(int max_polls, uint64_t seed);
/* 1: an atomic that compares unequal stores the old value back when its completion is polled, or
 *    before the next atomic on the word, as soft-RoCE of Linux 6.1 does in its race window.
 * 2: retry_cnt 7 retries for ever, as on soft-RoCE. */
void fake_set_quirks(int bits);
/* ibv_post_send and ibv_post_recv only count, ibv_poll_cq hands out a success for each posted
 * request. Unlocked: each queue pair and its queue belong to one thread. */
void fake_noop(int on);

/* The nth next call (1 is the next) of a verb fails with this errno. 0, or -1 for an unknown name.
 * Several faults of one function may be outstanding, up to 16 in all; then -2. */
int fake_fail(const char *function, int nth, int err);
/* The queue pair goes to ERR as after a fatal error of the device. These give -1 if there is no
 * such queue pair. */
int fake_kill_qp(uint32_t qp_num);
/* Requests of the queue pair neither take effect nor complete, until unmuted. */
int fake_mute(uint32_t qp_num, int on);
/* The next request takes effect and then completes with IBV_WC_RETRY_EXC_ERR: uncertain. */
int fake_drop_reply(uint32_t qp_num);
/* The nth next request has no effect and completes with this status. */
int fake_fail_request(uint32_t qp_num, int nth, int status);
/* An asynchronous event at every open context of the device. */
void fake_async_event(int device, int event_type, int port_num);

/* Live objects: device_lists, contexts, pds, mrs, channels, cqs, qps, event_channels, ids; "all" is
 * their sum. -1 for an unknown kind. */
long fake_live(const char *kind);
/* How often a verb was called since the last reset, -1 for an unknown name. */
long fake_calls(const char *function);
/* What happened since the last reset, -1 for an unknown name; the names are in fakecontrol.c. */
long fake_stat(const char *name);
/* Ends of objects in their order, such as "qp_err,qp,mr,cq,pd,context"; valid until the next call
 * into the library. */
const char *fake_log(void);
/* Sentences about uses that a real device would punish or never forgive, one a line. */
const char *fake_misuse(void);

/* ---- Between the files -----------------------------------------------------------------------*/

#define FK_FUNCTIONS(X)                                                                            \
  X(ibv_get_device_list) X(ibv_free_device_list) X(ibv_open_device) X(ibv_close_device)            \
  X(ibv_query_device) X(ibv_query_device_ex) X(ibv_query_port) X(ibv_query_gid) X(ibv_query_pkey)  \
  X(ibv_alloc_pd) X(ibv_dealloc_pd) X(ibv_reg_mr) X(ibv_reg_mr_iova) X(ibv_reg_mr_iova2)           \
  X(ibv_reg_dmabuf_mr) X(ibv_rereg_mr) X(ibv_dereg_mr) X(ibv_create_comp_channel)                  \
  X(ibv_destroy_comp_channel) X(ibv_create_cq) X(ibv_resize_cq) X(ibv_destroy_cq)                  \
  X(ibv_get_cq_event) X(ibv_ack_cq_events) X(ibv_poll_cq) X(ibv_req_notify_cq)                     \
  X(ibv_get_async_event) X(ibv_ack_async_event) X(ibv_create_qp) X(ibv_modify_qp) X(ibv_query_qp)  \
  X(ibv_destroy_qp) X(ibv_post_send) X(ibv_post_recv) X(rdma_create_event_channel)                 \
  X(rdma_destroy_event_channel) X(rdma_create_id) X(rdma_destroy_id) X(rdma_bind_addr)             \
  X(rdma_listen) X(rdma_resolve_addr) X(rdma_resolve_route) X(rdma_create_qp) X(rdma_destroy_qp)   \
  X(rdma_connect) X(rdma_establish) X(rdma_accept) X(rdma_reject) X(rdma_disconnect)               \
  X(rdma_get_cm_event) X(rdma_ack_cm_event) X(rdma_set_option) X(rdma_init_qp_attr)                \
  X(rdma_create_ep) X(rdma_destroy_ep) X(rdma_getaddrinfo) X(rdma_freeaddrinfo)

enum fk_function {
#define FK_NAME(name) FK_##name,
  FK_FUNCTIONS(FK_NAME)
#undef FK_NAME
      FK_FUNCTION_COUNT
};

#define FK_KINDS(X)                                                                                \
  X(device_list) X(context) X(pd) X(mr) X(channel) X(cq) X(qp) X(event_channel) X(id)

enum fk_kind {
#define FK_NAME(name) FK_KIND_##name,
  FK_KINDS(FK_NAME)
#undef FK_NAME
      FK_KIND_COUNT
};

#define FK_STATS(X)                                                                                \
  X(writes) X(reads) X(sends) X(compares) X(adds) X(bytes) X(completions) X(overflows) X(flushes)  \
  X(failures) X(max_queued) X(cq_events) X(cm_events) X(cm_acks) X(async_events) X(misuses)        \
  X(undone)

enum fk_stat {
#define FK_NAME(name) FK_STAT_##name,
  FK_STATS(FK_NAME)
#undef FK_NAME
      FK_STAT_COUNT
};

/* One event that waits to be read; what it says is at first the thing it is about. */
struct fk_event {
  struct fk_event *next;
  void *subject;
  struct ibv_async_event async;
  struct rdma_cm_event *cm;
};

/* Events in order, and a descriptor that can be read once for each. */
struct fk_queue {
  int fd;
  struct fk_event *first;
};

struct fk_device {
  struct ibv_device ibv;
  struct ibv_device_attr attr;
  struct ibv_port_attr port;
  union ibv_gid gids[FK_GIDS];
};

struct fk_context {
  struct fk_context *next;
  struct fk_device *device;
  uint32_t magic;
  bool internal; /* of the connection manager, which never closes it */
  int uses;
  struct fk_queue async;
  struct verbs_context ex; /* last: ends in the struct ibv_context that users have */
};

struct fk_pd {
  struct ibv_pd ibv;
  uint32_t magic;
  int uses;
};

struct fk_mr {
  struct ibv_mr ibv;
  uint32_t magic;
  uint64_t iova;
  unsigned access;
};

struct fk_channel {
  struct ibv_comp_channel ibv;
  uint32_t magic;
  struct fk_queue events;
};

struct fk_qp;

struct fk_entry {
  struct ibv_wc wc;
  struct fk_qp *qp;
  uint64_t sequence; /* of the request; 0 for a receive */
};

struct fk_noop {
  uint64_t wr_id;
  uint32_t qp_num;
  int opcode;
};

#define FK_NOOP_RING 1024

struct fk_cq {
  struct ibv_cq ibv;
  uint32_t magic;
  int uses;
  struct fk_entry *ring;
  unsigned head, count;
  uint64_t polls;
  int waiting; /* requests that were posted and neither completed nor executed */
  int armed;   /* 0 no, 1 next completion, 2 next solicited one */
  unsigned events_made;
  bool overrun;
  struct fk_noop noop[FK_NOOP_RING];
  unsigned noop_head, noop_tail;
};

/* A request in a send queue. */
struct fk_op {
  struct fk_op *next;
  uint64_t sequence, wr_id, due, remote, compare, swap, length;
  uint32_t rkey;
  __be32 imm;
  int opcode;
  unsigned retries;
  bool signaled, solicited;
  int sge_count;
  struct ibv_sge *sges; /* behind the struct */
  uint8_t *inlined;     /* behind them, or NULL */
};

struct fk_recv {
  struct fk_recv *next;
  uint64_t wr_id;
  int sge_count;
  struct ibv_sge sges[];
};

struct fk_qp {
  struct ibv_qp ibv;
  uint32_t magic;
  struct fk_qp *next;
  struct ibv_qp_attr attr;
  struct ibv_qp_init_attr init;
  uint64_t posted, retired; /* sequences */
  int queued, received;     /* lengths of the two lists */
  struct fk_op *sends;
  struct fk_recv *recvs;
  int delay; /* -1: what all have */
  bool muted, drop_reply;
  int fail_nth, fail_status;
  unsigned async_unacked;
  uint64_t *undo; /* the word that a failed comparison will store back, or NULL */
  uint64_t undo_value, undo_sequence;
  struct fk_mr *undo_mr;
};

#define FK_DEAD 0xdeadu
#define FK_CONTEXT 0xc0c0u
#define FK_PD 0xd0d0u
#define FK_MR 0x3e3eu
#define FK_CHANNEL 0xcacau
#define FK_CQ 0xc9c9u
#define FK_QP 0x9b9bu

extern struct fk_device fk_devices[FK_DEVICES];
extern int fk_device_count;
extern volatile int fk_noop_on;
extern int fk_quirks;
extern struct fk_qp *fk_qps;
extern struct fk_context *fk_contexts;
extern long fk_call_counts[FK_FUNCTION_COUNT];

void fk_lock(void);
void fk_unlock(void);
/* Counts a call; gives the errno that it must fail with, or 0. Needs the lock. */
int fk_enter(enum fk_function function);
/* The same with the lock taken, for functions that then fail as functions that give 0 or errno do,
 * or NULL or -1 and errno. */
#define FK_ENTER(function)                                                                         \
  fk_lock();                                                                                       \
  int fk_error = fk_enter(FK_##function)
int fk_leave(int error);
void *fk_leave_null(int error);
int fk_leave_minus(int error);
void fk_born(enum fk_kind kind);
void fk_died(enum fk_kind kind);
void fk_note(const char *word);
void fk_add(enum fk_stat stat, long value);
void fk_raise_to(enum fk_stat stat, long value);
void fk_misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Whether a pointer is a living object; if not, the misuse is recorded. */
bool fk_alive(const void *object, const uint32_t *magic, uint32_t expected, const char *function);

int fk_queue_open(struct fk_queue *queue);
void fk_queue_close(struct fk_queue *queue);
void fk_queue_put(struct fk_queue *queue, struct fk_event *event);
void fk_queue_drop(struct fk_queue *queue, const void *subject);
/* Waits as the descriptor's mode says, without the lock; NULL and errno if there is nothing. */
struct fk_event *fk_queue_take(struct fk_queue *queue);

void fk_reset_devices(void);
struct fk_context *fk_context_of(struct ibv_context *context);
/* Whether a context is open; if not, the misuse is recorded. */
bool fk_is_open(struct ibv_context *context, const char *function);
struct ibv_context *fk_open(struct fk_device *device, bool internal);
struct fk_device *fk_device_with_gid(const union ibv_gid *gid);
struct fk_mr *fk_find_mr(uint32_t key, bool remote);
void fk_put_async(struct fk_context *context, int type, void *element, int port_num);
void fk_complete(struct fk_cq *cq, struct fk_qp *qp, uint64_t sequence, const struct ibv_wc *wc,
                 bool solicited);
void fk_forget_completions(struct fk_cq *cq, struct fk_qp *qp);

static inline struct fk_device *fk_device_of(struct fk_qp *qp) {
  return fk_context_of(qp->ibv.context)->device;
}

static inline struct fk_cq *fk_send_cq(struct fk_qp *qp) { return (struct fk_cq *)qp->ibv.send_cq; }

static inline struct fk_cq *fk_recv_cq(struct fk_qp *qp) { return (struct fk_cq *)qp->ibv.recv_cq; }

uint64_t fk_delay_of(struct fk_qp *qp);
struct fk_qp *fk_find_qp(uint32_t qp_num);
void fk_qp_to_error(struct fk_qp *qp);
void fk_flush(struct fk_qp *qp);
void fk_empty(struct fk_qp *qp);
void fk_progress(struct fk_qp *qp);
void fk_progress_cq(struct fk_cq *cq, bool at_once);
void fk_apply_undo(struct fk_qp *qp);
struct ibv_qp *fk_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *init, int *error);
int fk_modify_qp(struct fk_qp *qp, struct ibv_qp_attr *attr, int mask);
int fk_destroy_qp(struct fk_qp *qp);

int fk_post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad);
int fk_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad);
int fk_poll_cq(struct ibv_cq *cq, int capacity, struct ibv_wc *wc);
int fk_req_notify_cq(struct ibv_cq *cq, int solicited_only);

#endif
