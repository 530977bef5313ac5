/* Requests: how they are posted, what they do, how they complete. See fakeverbs.h. */
#define _GNU_SOURCE
#include "fakeverbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Polls without a posted receive after which a sender gives up, for each of its retries. */
#define RNR_POLLS 8

/* ---- Completions -----------------------------------------------------------------------------*/

static struct ibv_wc failed(struct fk_qp *qp, uint64_t wr_id, int status) {
  struct ibv_wc wc;
  memset(&wc, FK_UNDEFINED, sizeof wc);
  wc.wr_id = wr_id;
  wc.status = (enum ibv_wc_status)status;
  wc.vendor_err = FK_VENDOR_ERR;
  wc.qp_num = qp->ibv.qp_num;
  return wc;
}

static int completion_opcode(int opcode) {
  switch (opcode) {
    case IBV_WR_RDMA_READ:
      return IBV_WC_RDMA_READ;
    case IBV_WR_ATOMIC_CMP_AND_SWP:
      return IBV_WC_COMP_SWAP;
    case IBV_WR_ATOMIC_FETCH_AND_ADD:
      return IBV_WC_FETCH_ADD;
    case IBV_WR_SEND:
    case IBV_WR_SEND_WITH_IMM:
      return IBV_WC_SEND;
    default:
      return IBV_WC_RDMA_WRITE;
  }
}

/* Takes the first request out of the send queue and completes it if it must be. */
static void finish_send(struct fk_qp *qp, int status) {
  struct fk_op *op = qp->sends;
  qp->sends = op->next;
  qp->queued--;
  fk_send_cq(qp)->waiting--;
  if (status != IBV_WC_SUCCESS) {
    struct ibv_wc wc = failed(qp, op->wr_id, status);
    fk_complete(fk_send_cq(qp), qp, op->sequence, &wc, false);
  } else if (op->signaled) {
    bool sized = op->opcode == IBV_WR_RDMA_READ || op->opcode == IBV_WR_ATOMIC_CMP_AND_SWP ||
                 op->opcode == IBV_WR_ATOMIC_FETCH_AND_ADD;
    struct ibv_wc wc = {
        .wr_id = op->wr_id,
        .status = IBV_WC_SUCCESS,
        .opcode = (enum ibv_wc_opcode)completion_opcode(op->opcode),
        .byte_len = sized ? (uint32_t)op->length : 0,
        .qp_num = qp->ibv.qp_num,
    };
    fk_complete(fk_send_cq(qp), qp, op->sequence, &wc, false);
  }
  free(op);
}

static void finish_recv(struct fk_qp *qp, const struct ibv_wc *wc, bool solicited) {
  struct fk_recv *recv = qp->recvs;
  qp->recvs = recv->next;
  qp->received--;
  fk_complete(fk_recv_cq(qp), qp, 0, wc, solicited);
  free(recv);
}

/* Completes whatever is posted as flushed. */
void fk_flush(struct fk_qp *qp) {
  while (qp->sends != NULL) {
    finish_send(qp, IBV_WC_WR_FLUSH_ERR);
  }
  while (qp->recvs != NULL) {
    struct ibv_wc wc = failed(qp, qp->recvs->wr_id, IBV_WC_WR_FLUSH_ERR);
    finish_recv(qp, &wc, false);
  }
}

/* Takes requests and completions out without a trace, as destroying and resetting do. */
void fk_empty(struct fk_qp *qp) {
  while (qp->sends != NULL) {
    struct fk_op *op = qp->sends;
    qp->sends = op->next;
    fk_send_cq(qp)->waiting--;
    free(op);
  }
  while (qp->recvs != NULL) {
    struct fk_recv *recv = qp->recvs;
    qp->recvs = recv->next;
    free(recv);
  }
  qp->queued = qp->received = 0;
  qp->retired = qp->posted;
  qp->undo = NULL;
  fk_forget_completions(fk_send_cq(qp), qp);
  fk_forget_completions(fk_recv_cq(qp), qp);
}

/* ---- What a request does ---------------------------------------------------------------------*/

/* The memory that a key, an address and a length name, or NULL. */
static uint8_t *resolve(struct fk_qp *qp, uint32_t key, bool remote, uint64_t address,
                        uint64_t length, unsigned access, struct fk_mr **found) {
  struct fk_mr *mr = fk_find_mr(key, remote);
  if (mr == NULL || mr->ibv.pd != qp->ibv.pd || (mr->access & access) != access) {
    return NULL;
  }
  uint64_t offset = address - mr->iova;
  if (address < mr->iova || length > mr->ibv.length || offset > mr->ibv.length - length) {
    return NULL;
  }
  if (found != NULL) {
    *found = mr;
  }
  return (uint8_t *)mr->ibv.addr + offset;
}

static bool may_use(struct fk_qp *qp, const struct ibv_sge *sges, int count, unsigned access) {
  for (int i = 0; i < count; i++) {
    if (sges[i].length > 0 && resolve(qp, sges[i].lkey, false, sges[i].addr, sges[i].length,
                                      access, NULL) == NULL) {
      return false;
    }
  }
  return true;
}

/* A word is moved at once, so that a CPU that looks at it never sees half of it. */
static void copy(uint8_t *to, const uint8_t *from, uint64_t length) {
  if (length == 8 && ((uintptr_t)to & 7) == 0 && ((uintptr_t)from & 7) == 0) {
    __atomic_store_n((uint64_t *)to, __atomic_load_n((const uint64_t *)from, __ATOMIC_ACQUIRE),
                     __ATOMIC_RELEASE);
  } else {
    memmove(to, from, length);
  }
}

static void gather(struct fk_qp *qp, struct fk_op *op, uint8_t *to) {
  if (op->inlined != NULL) {
    copy(to, op->inlined, op->length);
    return;
  }
  for (int i = 0; i < op->sge_count; i++) {
    struct ibv_sge *sge = &op->sges[i];
    copy(to, resolve(qp, sge->lkey, false, sge->addr, sge->length, 0, NULL), sge->length);
    to += sge->length;
  }
}

static void scatter(struct fk_qp *qp, const struct ibv_sge *sges, int count, const uint8_t *from,
                    uint64_t length) {
  for (int i = 0; i < count && length > 0; i++) {
    uint64_t bytes = sges[i].length < length ? sges[i].length : length;
    copy(resolve(qp, sges[i].lkey, false, sges[i].addr, bytes, 0, NULL), from, bytes);
    from += bytes;
    length -= bytes;
  }
}

void fk_apply_undo(struct fk_qp *qp) {
  if (qp->undo != NULL) {
    fk_add(FK_STAT_undone, __atomic_load_n(qp->undo, __ATOMIC_RELAXED) != qp->undo_value);
    __atomic_store_n(qp->undo, qp->undo_value, __ATOMIC_RELEASE);
    qp->undo = NULL;
  }
}

/* The target fails too, for it saw what it cannot accept; a request of its own loopback queue pair
 * is about to fail by itself. */
static int refuse(struct fk_qp *qp, struct fk_qp *target, int status) {
  int type = status == IBV_WC_REM_ACCESS_ERR ? IBV_EVENT_QP_ACCESS_ERR : IBV_EVENT_QP_REQ_ERR;
  fk_put_async(fk_context_of(target->ibv.context), type, target, 0);
  if (target != qp) {
    fk_qp_to_error(target);
  }
  return status;
}

static int execute_atomic(struct fk_qp *qp, struct fk_op *op, struct fk_qp *target) {
  if ((target->attr.qp_access_flags & IBV_ACCESS_REMOTE_ATOMIC) == 0 ||
      fk_device_of(target)->attr.atomic_cap == IBV_ATOMIC_NONE) {
    return refuse(qp, target, IBV_WC_REM_INV_REQ_ERR);
  }
  struct fk_mr *mr;
  uint64_t *word = (uint64_t *)resolve(target, op->rkey, true, op->remote, 8,
                                       IBV_ACCESS_REMOTE_ATOMIC, &mr);
  if (word == NULL || ((uintptr_t)word & 7) != 0) {
    return refuse(qp, target, IBV_WC_REM_ACCESS_ERR);
  }
  if ((mr->access & IBV_ACCESS_RELAXED_ORDERING) != 0) {
    fk_misuse("an atomic was aimed at a memory region of relaxed ordering");
  }
  for (struct fk_qp *other = fk_qps; other != NULL; other = other->next) {
    if (other->undo == word) {
      fk_apply_undo(other);
    }
  }
  uint64_t old = op->compare;
  if (op->opcode == IBV_WR_ATOMIC_FETCH_AND_ADD) {
    old = __atomic_fetch_add(word, op->compare, __ATOMIC_ACQ_REL);
    fk_add(FK_STAT_adds, 1);
  } else {
    bool swapped = __atomic_compare_exchange_n(word, &old, op->swap, false, __ATOMIC_ACQ_REL,
                                               __ATOMIC_ACQUIRE);
    fk_add(FK_STAT_compares, 1);
    if (!swapped && (fk_quirks & 1) != 0) {
      fk_apply_undo(qp);
      qp->undo = word;
      qp->undo_value = old;
      qp->undo_sequence = op->sequence;
      qp->undo_mr = mr;
    }
  }
  scatter(qp, op->sges, op->sge_count, (uint8_t *)&old, sizeof old);
  return IBV_WC_SUCCESS;
}

static int execute_read(struct fk_qp *qp, struct fk_op *op, struct fk_qp *target) {
  if ((target->attr.qp_access_flags & IBV_ACCESS_REMOTE_READ) == 0) {
    return refuse(qp, target, IBV_WC_REM_INV_REQ_ERR);
  }
  fk_add(FK_STAT_reads, 1);
  if (op->length > 0) {
    uint8_t *from = resolve(target, op->rkey, true, op->remote, op->length,
                            IBV_ACCESS_REMOTE_READ, NULL);
    if (from == NULL) {
      return refuse(qp, target, IBV_WC_REM_ACCESS_ERR);
    }
    scatter(qp, op->sges, op->sge_count, from, op->length);
  }
  return IBV_WC_SUCCESS;
}

static int execute_write(struct fk_qp *qp, struct fk_op *op, struct fk_qp *target) {
  if ((target->attr.qp_access_flags & IBV_ACCESS_REMOTE_WRITE) == 0) {
    return refuse(qp, target, IBV_WC_REM_INV_REQ_ERR);
  }
  fk_add(FK_STAT_writes, 1);
  if (op->length > 0) {
    uint8_t *to = resolve(target, op->rkey, true, op->remote, op->length, IBV_ACCESS_REMOTE_WRITE,
                          NULL);
    if (to == NULL) {
      return refuse(qp, target, IBV_WC_REM_ACCESS_ERR);
    }
    gather(qp, op, to);
  }
  return IBV_WC_SUCCESS;
}

static uint64_t capacity(const struct ibv_sge *sges, int count) {
  uint64_t sum = 0;
  for (int i = 0; i < count; i++) {
    sum += sges[i].length;
  }
  return sum;
}

/* Puts a message into the next posted receive. */
static int deliver(struct fk_qp *qp, struct fk_op *op, struct fk_qp *target) {
  struct fk_recv *recv = target->recvs;
  if (op->length > capacity(recv->sges, recv->sge_count)) {
    struct ibv_wc wc = failed(target, recv->wr_id, IBV_WC_LOC_LEN_ERR);
    finish_recv(target, &wc, false);
    return refuse(qp, target, IBV_WC_REM_INV_REQ_ERR);
  }
  if (!may_use(target, recv->sges, recv->sge_count, IBV_ACCESS_LOCAL_WRITE)) {
    struct ibv_wc wc = failed(target, recv->wr_id, IBV_WC_LOC_PROT_ERR);
    finish_recv(target, &wc, false);
    return refuse(qp, target, IBV_WC_REM_OP_ERR);
  }
  if (op->length > 0) {
    uint8_t *message = malloc(op->length);
    gather(qp, op, message);
    scatter(target, recv->sges, recv->sge_count, message, op->length);
    free(message);
  }
  return IBV_WC_SUCCESS;
}

/* Completes the next posted receive for a message or a write with immediate data. */
static void announce(struct fk_qp *qp, struct fk_op *op, struct fk_qp *target) {
  bool write = op->opcode == IBV_WR_RDMA_WRITE_WITH_IMM;
  struct ibv_wc wc = {
      .wr_id = target->recvs->wr_id,
      .status = IBV_WC_SUCCESS,
      .opcode = write ? IBV_WC_RECV_RDMA_WITH_IMM : IBV_WC_RECV,
      .byte_len = (uint32_t)op->length,
      .imm_data = op->imm,
      .wc_flags = write || op->opcode == IBV_WR_SEND_WITH_IMM ? IBV_WC_WITH_IMM : 0,
      .qp_num = target->ibv.qp_num,
      .src_qp = qp->ibv.qp_num,
  };
  finish_recv(target, &wc, op->solicited);
}

/* The connected queue pair, if it is there, can receive and is connected back. */
static struct fk_qp *reach(struct fk_qp *qp) {
  struct fk_qp *target = fk_find_qp(qp->attr.dest_qp_num);
  if (target == NULL || (target->ibv.state != IBV_QPS_RTR && target->ibv.state != IBV_QPS_RTS) ||
      target->attr.dest_qp_num != qp->ibv.qp_num || target->attr.rq_psn != qp->attr.sq_psn ||
      fk_device_of(target)->port.state != IBV_PORT_ACTIVE ||
      fk_device_of(qp)->port.state != IBV_PORT_ACTIVE) {
    return NULL;
  }
  if (qp->attr.ah_attr.is_global) {
    return fk_device_with_gid(&qp->attr.ah_attr.grh.dgid) == fk_device_of(target) ? target : NULL;
  }
  return qp->attr.ah_attr.dlid == fk_device_of(target)->port.lid ? target : NULL;
}

enum { WAIT = -1 };

static int wait_for_receive(struct fk_qp *qp, struct fk_op *op) {
  if (qp->attr.rnr_retry == 7 || op->retries++ < qp->attr.rnr_retry * RNR_POLLS) {
    return WAIT;
  }
  return IBV_WC_RNR_RETRY_EXC_ERR;
}

/* Gives the status of the request, or WAIT. */
static int execute(struct fk_qp *qp, struct fk_op *op) {
  bool send = op->opcode == IBV_WR_SEND || op->opcode == IBV_WR_SEND_WITH_IMM;
  bool lands = op->opcode == IBV_WR_RDMA_READ || op->opcode == IBV_WR_ATOMIC_CMP_AND_SWP ||
               op->opcode == IBV_WR_ATOMIC_FETCH_AND_ADD;
  if (qp->fail_nth > 0 && --qp->fail_nth == 0) {
    return qp->fail_status;
  }
  if (op->length > fk_device_of(qp)->port.max_msg_sz) {
    return IBV_WC_LOC_LEN_ERR;
  }
  if (op->inlined == NULL &&
      !may_use(qp, op->sges, op->sge_count, lands ? IBV_ACCESS_LOCAL_WRITE : 0)) {
    return IBV_WC_LOC_PROT_ERR;
  }
  struct fk_qp *target = reach(qp);
  if (target == NULL) {
    return (fk_quirks & 2) != 0 && qp->attr.retry_cnt == 7 ? WAIT : IBV_WC_RETRY_EXC_ERR;
  }
  bool takes_receive = send || op->opcode == IBV_WR_RDMA_WRITE_WITH_IMM;
  if (takes_receive && target->recvs == NULL) {
    return wait_for_receive(qp, op);
  }
  int status;
  if (send) {
    fk_add(FK_STAT_sends, 1);
    status = deliver(qp, op, target);
  } else if (op->opcode == IBV_WR_RDMA_READ) {
    status = execute_read(qp, op, target);
  } else if (lands) {
    status = execute_atomic(qp, op, target);
  } else {
    status = execute_write(qp, op, target);
  }
  if (status == IBV_WC_SUCCESS) {
    fk_add(FK_STAT_bytes, (long)op->length);
    if (takes_receive) {
      announce(qp, op, target);
    }
    if (qp->drop_reply) {
      qp->drop_reply = false;
      return IBV_WC_RETRY_EXC_ERR;
    }
  }
  return status;
}

static void progress(struct fk_qp *qp, bool at_once) {
  while (qp->sends != NULL && !qp->muted && qp->ibv.state == IBV_QPS_RTS &&
         (at_once || qp->sends->due < fk_send_cq(qp)->polls || qp->sends->due == 0)) {
    int status = execute(qp, qp->sends);
    if (status == WAIT) {
      qp->sends->due = 0;
      return;
    }
    finish_send(qp, status);
    if (status != IBV_WC_SUCCESS) {
      fk_qp_to_error(qp);
    }
  }
}

void fk_progress(struct fk_qp *qp) { progress(qp, false); }

void fk_progress_cq(struct fk_cq *cq, bool at_once) {
  for (struct fk_qp *qp = fk_qps; qp != NULL; qp = qp->next) {
    if (fk_send_cq(qp) == cq && qp->sends != NULL) {
      progress(qp, at_once);
    }
  }
}

/* ---- Posting ---------------------------------------------------------------------------------*/

static int check_send(struct fk_qp *qp, const struct ibv_send_wr *wr) {
  bool atomic = wr->opcode == IBV_WR_ATOMIC_CMP_AND_SWP ||
                wr->opcode == IBV_WR_ATOMIC_FETCH_AND_ADD;
  if (qp->ibv.state != IBV_QPS_RTS && qp->ibv.state != IBV_QPS_ERR) {
    return EINVAL;
  }
  if (qp->posted - qp->retired >= qp->init.cap.max_send_wr) {
    return ENOMEM;
  }
  if (wr->opcode > IBV_WR_ATOMIC_FETCH_AND_ADD || wr->num_sge < 0 ||
      (uint32_t)wr->num_sge > qp->init.cap.max_send_sge) {
    return EINVAL;
  }
  if (atomic && (wr->num_sge != 1 || wr->sg_list[0].length != 8 ||
                 (wr->wr.atomic.remote_addr & 7) != 0 ||
                 fk_device_of(qp)->attr.atomic_cap == IBV_ATOMIC_NONE)) {
    return EINVAL;
  }
  if ((wr->send_flags & IBV_SEND_INLINE) != 0 &&
      (atomic || wr->opcode == IBV_WR_RDMA_READ ||
       capacity(wr->sg_list, wr->num_sge) > qp->init.cap.max_inline_data)) {
    return EINVAL;
  }
  return 0;
}

static struct fk_op *make_op(struct fk_qp *qp, const struct ibv_send_wr *wr) {
  bool inlined = (wr->send_flags & IBV_SEND_INLINE) != 0;
  uint64_t length = capacity(wr->sg_list, wr->num_sge);
  size_t sges_bytes = (size_t)wr->num_sge * sizeof(struct ibv_sge);
  struct fk_op *op = calloc(1, sizeof *op + sges_bytes + (inlined ? length : 0));
  op->wr_id = wr->wr_id;
  op->opcode = (int)wr->opcode;
  op->length = length;
  op->imm = wr->imm_data;
  op->signaled = qp->init.sq_sig_all || (wr->send_flags & IBV_SEND_SIGNALED) != 0;
  op->solicited = (wr->send_flags & IBV_SEND_SOLICITED) != 0;
  op->sge_count = wr->num_sge;
  op->sges = (struct ibv_sge *)(op + 1);
  memcpy(op->sges, wr->sg_list, sges_bytes);
  if (inlined) {
    op->inlined = (uint8_t *)op->sges + sges_bytes;
    uint8_t *to = op->inlined;
    for (int i = 0; i < wr->num_sge; i++) {
      memcpy(to, (void *)(uintptr_t)wr->sg_list[i].addr, wr->sg_list[i].length);
      to += wr->sg_list[i].length;
    }
  }
  if (op->opcode == IBV_WR_ATOMIC_CMP_AND_SWP || op->opcode == IBV_WR_ATOMIC_FETCH_AND_ADD) {
    op->remote = wr->wr.atomic.remote_addr;
    op->rkey = wr->wr.atomic.rkey;
    op->compare = wr->wr.atomic.compare_add;
    op->swap = wr->wr.atomic.swap;
  } else {
    op->remote = wr->wr.rdma.remote_addr;
    op->rkey = wr->wr.rdma.rkey;
  }
  uint64_t delay = fk_delay_of(qp);
  op->due = delay == 0 ? 0 : fk_send_cq(qp)->polls + delay;
  return op;
}

static int post_noop(struct fk_qp *qp, const struct ibv_send_wr *wr) {
  struct fk_cq *cq = fk_send_cq(qp);
  fk_call_counts[FK_ibv_post_send]++;
  for (; wr != NULL; wr = wr->next) {
    if ((wr->send_flags & IBV_SEND_SIGNALED) != 0) {
      cq->noop[cq->noop_tail++ % FK_NOOP_RING] =
          (struct fk_noop){wr->wr_id, qp->ibv.qp_num, completion_opcode((int)wr->opcode)};
    }
  }
  return 0;
}

int fk_post_send(struct ibv_qp *ibv, struct ibv_send_wr *wr, struct ibv_send_wr **bad) {
  struct fk_qp *qp = (struct fk_qp *)ibv;
  if (fk_noop_on) {
    return post_noop(qp, wr);
  }
  FK_ENTER(ibv_post_send);
  if (fk_error == 0 && !fk_alive(qp, &qp->magic, FK_QP, "ibv_post_send")) {
    fk_error = EINVAL;
  }
  if (fk_error != 0) {
    *bad = wr;
    return fk_leave(fk_error);
  }
  for (; wr != NULL && fk_error == 0; wr = wr->next) {
    fk_error = check_send(qp, wr);
    if (fk_error != 0) {
      *bad = wr;
      break;
    }
    struct fk_op *op = make_op(qp, wr);
    op->sequence = ++qp->posted;
    struct fk_op **last = &qp->sends;
    while (*last != NULL) {
      last = &(*last)->next;
    }
    *last = op;
    fk_send_cq(qp)->waiting++;
    fk_raise_to(FK_STAT_max_queued, ++qp->queued);
  }
  fk_apply_undo(qp);
  if (ibv->state == IBV_QPS_ERR) {
    fk_flush(qp);
  } else {
    progress(qp, fk_send_cq(qp)->armed != 0);
  }
  return fk_leave(fk_error);
}

int fk_post_recv(struct ibv_qp *ibv, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad) {
  struct fk_qp *qp = (struct fk_qp *)ibv;
  if (fk_noop_on) {
    fk_call_counts[FK_ibv_post_recv]++;
    return 0;
  }
  FK_ENTER(ibv_post_recv);
  if (fk_error == 0 && !fk_alive(qp, &qp->magic, FK_QP, "ibv_post_recv")) {
    fk_error = EINVAL;
  }
  if (fk_error != 0) {
    *bad = wr;
    return fk_leave(fk_error);
  }
  for (; wr != NULL; wr = wr->next) {
    if (ibv->state == IBV_QPS_RESET || wr->num_sge < 0 ||
        (uint32_t)wr->num_sge > qp->init.cap.max_recv_sge) {
      fk_error = EINVAL;
    } else if ((uint32_t)qp->received >= qp->init.cap.max_recv_wr) {
      fk_error = ENOMEM;
    }
    if (fk_error != 0) {
      *bad = wr;
      break;
    }
    size_t bytes = (size_t)wr->num_sge * sizeof(struct ibv_sge);
    struct fk_recv *recv = malloc(sizeof *recv + bytes);
    recv->next = NULL;
    recv->wr_id = wr->wr_id;
    recv->sge_count = wr->num_sge;
    memcpy(recv->sges, wr->sg_list, bytes);
    struct fk_recv **last = &qp->recvs;
    while (*last != NULL) {
      last = &(*last)->next;
    }
    *last = recv;
    qp->received++;
  }
  if (ibv->state == IBV_QPS_ERR) {
    fk_flush(qp);
  } else {
    struct fk_qp *peer = fk_find_qp(qp->attr.dest_qp_num);
    if (peer != NULL && peer->attr.dest_qp_num == ibv->qp_num) {
      progress(peer, false);
    }
  }
  return fk_leave(fk_error);
}
