/* Queue pairs: how they are made, connected and destroyed. See fakeverbs.h. */
#define _GNU_SOURCE
#include "fakeverbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_QP_NUM 0x11

struct fk_qp *fk_qps;
static uint32_t next_qp_num = FIRST_QP_NUM;

struct fk_qp *fk_find_qp(uint32_t qp_num) {
  for (struct fk_qp *qp = fk_qps; qp != NULL; qp = qp->next) {
    if (qp->ibv.qp_num == qp_num) {
      return qp;
    }
  }
  return NULL;
}

static void set_state(struct fk_qp *qp, enum ibv_qp_state state) {
  qp->ibv.state = state;
  qp->attr.qp_state = qp->attr.cur_qp_state = state;
}

void fk_qp_to_error(struct fk_qp *qp) {
  if (qp->ibv.state != IBV_QPS_RESET) {
    set_state(qp, IBV_QPS_ERR);
    fk_flush(qp);
  }
}

/* ---- States ----------------------------------------------------------------------------------*/

struct transition {
  enum ibv_qp_state from, to;
  int required, optional;
};

/* Of a reliable connection, as the kernel checks it (IBTA 11.2.5.2). */
static const struct transition transitions[] = {
    {IBV_QPS_RESET, IBV_QPS_INIT, IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS, 0},
    {IBV_QPS_INIT, IBV_QPS_INIT, 0, IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS},
    {IBV_QPS_INIT, IBV_QPS_RTR,
     IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC |
         IBV_QP_MIN_RNR_TIMER,
     IBV_QP_ALT_PATH | IBV_QP_ACCESS_FLAGS | IBV_QP_PKEY_INDEX},
    {IBV_QPS_RTR, IBV_QPS_RTS,
     IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN |
         IBV_QP_MAX_QP_RD_ATOMIC,
     IBV_QP_CUR_STATE | IBV_QP_ALT_PATH | IBV_QP_ACCESS_FLAGS | IBV_QP_MIN_RNR_TIMER |
         IBV_QP_PATH_MIG_STATE},
    {IBV_QPS_RTS, IBV_QPS_RTS, 0,
     IBV_QP_CUR_STATE | IBV_QP_ACCESS_FLAGS | IBV_QP_ALT_PATH | IBV_QP_PATH_MIG_STATE |
         IBV_QP_MIN_RNR_TIMER},
};

static bool may_go(struct fk_qp *qp, enum ibv_qp_state to, int mask) {
  if (to == IBV_QPS_RESET || to == IBV_QPS_ERR) {
    return mask == IBV_QP_STATE;
  }
  for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
    const struct transition *t = &transitions[i];
    if (t->from == qp->ibv.state && t->to == to) {
      return (mask & t->required) == t->required &&
             (mask & ~(t->required | t->optional | IBV_QP_STATE)) == 0;
    }
  }
  return false;
}

static bool has_valid_values(struct fk_qp *qp, const struct ibv_qp_attr *attr, int mask) {
  struct fk_device *device = fk_device_of(qp);
  if ((mask & IBV_QP_PORT) != 0 && attr->port_num != 1) {
    return false;
  }
  if ((mask & IBV_QP_PKEY_INDEX) != 0 && attr->pkey_index != 0) {
    return false;
  }
  if ((mask & IBV_QP_PATH_MTU) != 0 &&
      (attr->path_mtu < IBV_MTU_256 || attr->path_mtu > device->port.active_mtu)) {
    return false;
  }
  if ((mask & IBV_QP_AV) != 0) {
    bool ethernet = device->port.link_layer == IBV_LINK_LAYER_ETHERNET;
    if (attr->ah_attr.port_num != 1 || (ethernet && !attr->ah_attr.is_global) ||
        (attr->ah_attr.is_global && attr->ah_attr.grh.sgid_index >= 3)) {
      return false;
    }
  }
  return ((mask & IBV_QP_DEST_QPN) == 0 || attr->dest_qp_num <= 0xffffff) &&
         ((mask & IBV_QP_MAX_QP_RD_ATOMIC) == 0 ||
          attr->max_rd_atomic <= device->attr.max_qp_init_rd_atom) &&
         ((mask & IBV_QP_MAX_DEST_RD_ATOMIC) == 0 ||
          attr->max_dest_rd_atomic <= device->attr.max_qp_rd_atom) &&
         ((mask & IBV_QP_TIMEOUT) == 0 || attr->timeout <= 31) &&
         ((mask & IBV_QP_RETRY_CNT) == 0 || attr->retry_cnt <= 7) &&
         ((mask & IBV_QP_RNR_RETRY) == 0 || attr->rnr_retry <= 7) &&
         ((mask & IBV_QP_MIN_RNR_TIMER) == 0 || attr->min_rnr_timer <= 31);
}

static void take_values(struct ibv_qp_attr *to, const struct ibv_qp_attr *from, int mask) {
#define TAKE(bit, field)         \
  if ((mask & (bit)) != 0) {     \
    to->field = from->field;     \
  }
  TAKE(IBV_QP_ACCESS_FLAGS, qp_access_flags)
  TAKE(IBV_QP_PKEY_INDEX, pkey_index)
  TAKE(IBV_QP_PORT, port_num)
  TAKE(IBV_QP_AV, ah_attr)
  TAKE(IBV_QP_PATH_MTU, path_mtu)
  TAKE(IBV_QP_DEST_QPN, dest_qp_num)
  TAKE(IBV_QP_RQ_PSN, rq_psn)
  TAKE(IBV_QP_MAX_DEST_RD_ATOMIC, max_dest_rd_atomic)
  TAKE(IBV_QP_MIN_RNR_TIMER, min_rnr_timer)
  TAKE(IBV_QP_TIMEOUT, timeout)
  TAKE(IBV_QP_RETRY_CNT, retry_cnt)
  TAKE(IBV_QP_RNR_RETRY, rnr_retry)
  TAKE(IBV_QP_SQ_PSN, sq_psn)
  TAKE(IBV_QP_MAX_QP_RD_ATOMIC, max_rd_atomic)
#undef TAKE
  to->rq_psn &= 0xffffff;
  to->sq_psn &= 0xffffff;
}

int fk_modify_qp(struct fk_qp *qp, struct ibv_qp_attr *attr, int mask) {
  enum ibv_qp_state to = (mask & IBV_QP_STATE) != 0 ? attr->qp_state : qp->ibv.state;
  if (!may_go(qp, to, mask) || !has_valid_values(qp, attr, mask)) {
    return EINVAL;
  }
  take_values(&qp->attr, attr, mask);
  if (to == IBV_QPS_ERR) {
    fk_qp_to_error(qp);
    set_state(qp, IBV_QPS_ERR);
  } else {
    if (to == IBV_QPS_RESET) {
      fk_empty(qp);
      memset(&qp->attr, 0, sizeof qp->attr);
      qp->attr.cap = qp->init.cap;
    }
    set_state(qp, to);
  }
  return 0;
}

int ibv_modify_qp(struct ibv_qp *ibv, struct ibv_qp_attr *attr, int mask) {
  FK_ENTER(ibv_modify_qp);
  struct fk_qp *qp = (struct fk_qp *)ibv;
  if (fk_error == 0 && !fk_alive(qp, &qp->magic, FK_QP, __func__)) {
    fk_error = EINVAL;
  }
  if (fk_error == 0) {
    fk_error = fk_modify_qp(qp, attr, mask);
    if (fk_error == 0 && ibv->state == IBV_QPS_ERR) {
      fk_note("qp_err");
    }
  }
  return fk_leave(fk_error);
}

int ibv_query_qp(struct ibv_qp *ibv, struct ibv_qp_attr *attr, int mask,
                 struct ibv_qp_init_attr *init) {
  FK_ENTER(ibv_query_qp);
  struct fk_qp *qp = (struct fk_qp *)ibv;
  if (fk_error == 0 && !fk_alive(qp, &qp->magic, FK_QP, __func__)) {
    fk_error = EINVAL;
  }
  if (fk_error == 0) {
    *attr = qp->attr;
    *init = qp->init;
  }
  (void)mask;
  return fk_leave(fk_error);
}

int ibv_query_qp_data_in_order(struct ibv_qp *qp, enum ibv_wr_opcode op, uint32_t flags) {
  (void)qp, (void)op, (void)flags;
  return 0;
}

/* ---- Making and destroying -------------------------------------------------------------------*/

static int check_new(struct fk_pd *pd, const struct ibv_qp_init_attr *init) {
  struct fk_cq *send = (struct fk_cq *)init->send_cq;
  struct fk_cq *recv = (struct fk_cq *)init->recv_cq;
  if (!fk_alive(pd, &pd->magic, FK_PD, "ibv_create_qp") ||
      !fk_alive(send, &send->magic, FK_CQ, "ibv_create_qp") ||
      !fk_alive(recv, &recv->magic, FK_CQ, "ibv_create_qp")) {
    return EINVAL;
  }
  const struct ibv_device_attr *limits = &fk_context_of(pd->ibv.context)->device->attr;
  if (init->qp_type != IBV_QPT_RC || init->srq != NULL) {
    return EOPNOTSUPP;
  }
  if (send->ibv.context != pd->ibv.context || recv->ibv.context != pd->ibv.context ||
      init->cap.max_send_wr > (uint32_t)limits->max_qp_wr ||
      init->cap.max_recv_wr > (uint32_t)limits->max_qp_wr ||
      init->cap.max_send_sge > (uint32_t)limits->max_sge ||
      init->cap.max_recv_sge > (uint32_t)limits->max_sge || init->cap.max_inline_data > 512) {
    return EINVAL;
  }
  return 0;
}

struct ibv_qp *fk_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *init, int *error) {
  *error = check_new((struct fk_pd *)pd, init);
  if (*error != 0) {
    return NULL;
  }
  struct fk_qp *qp = calloc(1, sizeof *qp);
  qp->magic = FK_QP;
  qp->delay = -1;
  qp->init = *init;
  qp->attr.cap = init->cap;
  qp->ibv.context = pd->context;
  qp->ibv.qp_context = init->qp_context;
  qp->ibv.pd = pd;
  qp->ibv.send_cq = init->send_cq;
  qp->ibv.recv_cq = init->recv_cq;
  qp->ibv.handle = qp->ibv.qp_num = next_qp_num++;
  qp->ibv.qp_type = init->qp_type;
  pthread_mutex_init(&qp->ibv.mutex, NULL);
  pthread_cond_init(&qp->ibv.cond, NULL);
  set_state(qp, IBV_QPS_RESET);
  ((struct fk_pd *)pd)->uses++;
  fk_send_cq(qp)->uses++;
  fk_recv_cq(qp)->uses++;
  qp->next = fk_qps;
  fk_qps = qp;
  fk_born(FK_KIND_qp);
  return &qp->ibv;
}

struct ibv_qp *ibv_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *init) {
  FK_ENTER(ibv_create_qp);
  struct ibv_qp *qp = fk_error == 0 ? fk_create_qp(pd, init, &fk_error) : NULL;
  if (qp == NULL) {
    return fk_leave_null(fk_error);
  }
  fk_unlock();
  return qp;
}

int fk_destroy_qp(struct fk_qp *qp) {
  if (qp->async_unacked > 0) {
    fk_misuse("ibv_destroy_qp would wait for ever: %u asynchronous events are unacknowledged",
              qp->async_unacked);
  }
  fk_empty(qp);
  fk_queue_drop(&fk_context_of(qp->ibv.context)->async, qp);
  struct fk_qp **link = &fk_qps;
  while (*link != qp) {
    link = &(*link)->next;
  }
  *link = qp->next;
  qp->magic = FK_DEAD;
  ((struct fk_pd *)qp->ibv.pd)->uses--;
  fk_send_cq(qp)->uses--;
  fk_recv_cq(qp)->uses--;
  fk_died(FK_KIND_qp);
  return 0;
}

int ibv_destroy_qp(struct ibv_qp *ibv) {
  FK_ENTER(ibv_destroy_qp);
  struct fk_qp *qp = (struct fk_qp *)ibv;
  if (fk_error == 0 && !fk_alive(qp, &qp->magic, FK_QP, __func__)) {
    fk_error = EINVAL;
  }
  if (fk_error == 0) {
    fk_error = fk_destroy_qp(qp);
  }
  return fk_leave(fk_error);
}
