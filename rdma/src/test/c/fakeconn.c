/* Queue pairs and connections of rdma_cm: see fakecm.c. */
#define _GNU_SOURCE
#include "fakecm.h"

#include <errno.h>
#include <string.h>

/* ---- Queue pairs -----------------------------------------------------------------------------*/

static uint32_t qp_num_of(struct cm_id *id) {
  return id->ibv.qp != NULL ? id->ibv.qp->qp_num : id->param.qp_num;
}

/* The number of the first packet that a side sends. */
static uint32_t first_psn(struct cm_id *id) { return (qp_num_of(id) * 2654435761u) & 0xffffff; }

static int fill_init(struct cm_id *id, struct ibv_qp_attr *attr) {
  attr->port_num = 1;
  attr->pkey_index = 0;
  attr->qp_access_flags = 0;
  if (id->peer != NULL) {
    attr->qp_access_flags = IBV_ACCESS_REMOTE_WRITE;
    if (id->param.responder_resources > 0) {
      attr->qp_access_flags |= IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_ATOMIC;
    }
  }
  return IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS;
}

static int fill_rtr(struct cm_id *id, struct ibv_qp_attr *attr) {
  bool ethernet = id->device->port.link_layer == IBV_LINK_LAYER_ETHERNET;
  attr->path_mtu = id->device->port.active_mtu;
  attr->dest_qp_num = qp_num_of(id->peer);
  attr->rq_psn = first_psn(id->peer);
  attr->max_dest_rd_atomic = id->param.responder_resources;
  attr->min_rnr_timer = 0;
  attr->ah_attr = (struct ibv_ah_attr){.port_num = 1, .is_global = ethernet};
  attr->ah_attr.dlid = id->peer->device->port.lid;
  attr->ah_attr.grh.dgid = id->peer->device->gids[1];
  attr->ah_attr.grh.sgid_index = 1;
  attr->ah_attr.grh.hop_limit = 64;
  return IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
         IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER;
}

static int fill_rts(struct cm_id *id, struct ibv_qp_attr *attr) {
  attr->sq_psn = first_psn(id);
  attr->timeout = id->ack_timeout;
  attr->retry_cnt = id->param.retry_count;
  attr->rnr_retry = id->param.rnr_retry_count;
  attr->max_rd_atomic = id->param.initiator_depth;
  return IBV_QP_STATE | IBV_QP_SQ_PSN | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
         IBV_QP_MAX_QP_RD_ATOMIC;
}

/* Gives the mask, or 0 if the id knows too little. */
static int fill(struct cm_id *id, struct ibv_qp_attr *attr) {
  switch (attr->qp_state) {
    case IBV_QPS_INIT:
      return id->device != NULL ? fill_init(id, attr) : 0;
    case IBV_QPS_RTR:
      return id->peer != NULL ? fill_rtr(id, attr) : 0;
    case IBV_QPS_RTS:
      return id->peer != NULL ? fill_rts(id, attr) : 0;
    default:
      return 0;
  }
}

int rdma_init_qp_attr(struct rdma_cm_id *ibv, struct ibv_qp_attr *attr, int *mask) {
  FK_ENTER(rdma_init_qp_attr);
  struct cm_id *id = (struct cm_id *)ibv;
  fk_error = cm_check(id, fk_error, __func__);
  if (fk_error == 0) {
    *mask = fill(id, attr);
    fk_error = *mask == 0 ? EINVAL : 0;
  }
  return fk_leave_minus(fk_error);
}

static int go(struct cm_id *id, enum ibv_qp_state state) {
  struct ibv_qp_attr attr = {.qp_state = state};
  int mask = fill(id, &attr);
  return fk_modify_qp((struct fk_qp *)id->ibv.qp, &attr, mask);
}

/* Takes the queue pair to RTS; INIT once more, for what it allows is known only now. */
static int bring_up(struct cm_id *id) {
  if (id->ibv.qp == NULL) {
    return 0;
  }
  int error = go(id, IBV_QPS_INIT);
  error = error != 0 ? error : go(id, IBV_QPS_RTR);
  return error != 0 ? error : go(id, IBV_QPS_RTS);
}

int rdma_create_qp(struct rdma_cm_id *ibv, struct ibv_pd *pd, struct ibv_qp_init_attr *init) {
  FK_ENTER(rdma_create_qp);
  struct cm_id *id = (struct cm_id *)ibv;
  fk_error = cm_check(id, fk_error, __func__);
  if (fk_error == 0 && (ibv->verbs == NULL || ibv->qp != NULL || pd == NULL ||
                        pd->context != ibv->verbs)) {
    fk_error = EINVAL;
  }
  struct ibv_qp *qp = fk_error == 0 ? fk_create_qp(pd, init, &fk_error) : NULL;
  if (qp != NULL) {
    ibv->qp = qp;
    ibv->pd = pd;
    ibv->send_cq = init->send_cq;
    ibv->recv_cq = init->recv_cq;
    fk_error = go(id, IBV_QPS_INIT);
  }
  return fk_leave_minus(fk_error);
}

/* Needs the lock. */
static void destroy_qp(struct cm_id *id) {
  if (id->ibv.qp != NULL) {
    fk_destroy_qp((struct fk_qp *)id->ibv.qp);
    id->ibv.qp = NULL;
  }
}

void rdma_destroy_qp(struct rdma_cm_id *ibv) {
  FK_ENTER(rdma_destroy_qp);
  struct cm_id *id = (struct cm_id *)ibv;
  if (cm_check(id, fk_error, __func__) == 0) {
    destroy_qp(id);
  }
  fk_unlock();
}

int rdma_create_ep(struct rdma_cm_id **id, struct rdma_addrinfo *res, struct ibv_pd *pd,
                   struct ibv_qp_init_attr *init) {
  FK_ENTER(rdma_create_ep);
  (void)id, (void)res, (void)pd, (void)init;
  return fk_leave_minus(fk_error != 0 ? fk_error : EOPNOTSUPP);
}

void rdma_destroy_ep(struct rdma_cm_id *ibv) {
  FK_ENTER(rdma_destroy_ep);
  struct cm_id *id = (struct cm_id *)ibv;
  if (cm_check(id, fk_error, __func__) == 0) {
    destroy_qp(id);
    cm_remove_id(id);
  }
  fk_unlock();
}

/* ---- Connections -----------------------------------------------------------------------------*/

static struct cm_id *find_listener(struct cm_id *active) {
  struct fk_device *device = cm_device_at(cm_destination(active));
  for (struct cm_id *id = cm_ids; id != NULL; id = id->next) {
    if (id->state == LISTENING && id->ibv.ps == active->ibv.ps &&
        cm_port_of(cm_source(id)) == cm_port_of(cm_destination(active)) &&
        (id->device == device || (id->device == NULL && !cm_is_loopback(cm_source(id))))) {
      return id;
    }
  }
  return NULL;
}

/* Limits are the device's; 255 asks for all it has. */
static int take_param(struct cm_id *id, const struct rdma_conn_param *param) {
  int responder = id->device->attr.max_qp_rd_atom;
  int initiator = id->device->attr.max_qp_init_rd_atom;
  id->param = param != NULL ? *param
                            : (struct rdma_conn_param){.responder_resources = RDMA_MAX_RESP_RES,
                                                       .initiator_depth = RDMA_MAX_INIT_DEPTH,
                                                       .retry_count = 7,
                                                       .rnr_retry_count = 7};
  if (id->param.responder_resources == RDMA_MAX_RESP_RES) {
    id->param.responder_resources = (uint8_t)responder;
  }
  if (id->param.initiator_depth == RDMA_MAX_INIT_DEPTH) {
    id->param.initiator_depth = (uint8_t)initiator;
  }
  return id->param.responder_resources > responder || id->param.initiator_depth > initiator ||
                 id->param.retry_count > 7 || id->param.rnr_retry_count > 7
             ? EINVAL
             : 0;
}

/* Makes the passive side's id and tells the listener. */
static void request(struct cm_id *active, struct cm_id *listener) {
  struct cm_id *id = cm_make_id(listener->ibv.channel, listener->ibv.context, listener->ibv.ps);
  cm_attach(id, cm_device_at(cm_destination(active)));
  memcpy(cm_source(id), cm_destination(active), sizeof(struct sockaddr_storage));
  memcpy(cm_destination(id), cm_source(active), sizeof(struct sockaddr_storage));
  id->state = REQUESTED;
  id->listener = listener;
  id->peer = active;
  active->peer = id;
  active->state = CONNECTING;
  listener->pending++;
  struct cm_event *event = cm_make_event(listener, id, RDMA_CM_EVENT_CONNECT_REQUEST, 0);
  event->ibv.param.conn = active->param;
  event->ibv.param.conn.responder_resources = active->param.initiator_depth;
  event->ibv.param.conn.initiator_depth = active->param.responder_resources;
  event->ibv.param.conn.qp_num = qp_num_of(active);
  cm_put_data(event, active->param.private_data, active->param.private_data_len, REQUEST_DATA);
  id->param = event->ibv.param.conn;
  cm_put_event(event);
}

int rdma_connect(struct rdma_cm_id *ibv, struct rdma_conn_param *param) {
  FK_ENTER(rdma_connect);
  struct cm_id *id = (struct cm_id *)ibv;
  fk_error = cm_check(id, fk_error, __func__);
  if (fk_error == 0 && (id->state != ROUTE_KNOWN || take_param(id, param) != 0 ||
                        id->param.private_data_len > REQUEST_DATA)) {
    fk_error = EINVAL;
  }
  if (fk_error != 0) {
    return fk_leave_minus(fk_error);
  }
  struct cm_id *listener = find_listener(id);
  if (listener == NULL) {
    cm_refuse(id, NO_LISTENER, NULL, 0);
  } else if (listener->backlog > 0 && listener->pending >= listener->backlog) {
    cm_tell(id, RDMA_CM_EVENT_UNREACHABLE, -ETIMEDOUT);
  } else {
    request(id, listener);
  }
  return fk_leave(0);
}

static int respond(struct cm_id *id) {
  struct cm_id *active = id->peer;
  cm_settle(id);
  active->param.initiator_depth = id->param.responder_resources;
  active->param.responder_resources = id->param.initiator_depth;
  int error = bring_up(id);
  error = error != 0 ? error : bring_up(active);
  if (error != 0) {
    return error;
  }
  bool whole = active->ibv.qp != NULL;
  struct cm_event *event = cm_make_event(
      active, active, whole ? RDMA_CM_EVENT_ESTABLISHED : RDMA_CM_EVENT_CONNECT_RESPONSE, 0);
  event->ibv.param.conn = id->param;
  event->ibv.param.conn.responder_resources = active->param.responder_resources;
  event->ibv.param.conn.initiator_depth = active->param.initiator_depth;
  event->ibv.param.conn.qp_num = qp_num_of(id);
  cm_put_data(event, id->param.private_data, id->param.private_data_len, REPLY_DATA);
  cm_put_event(event);
  id->state = active->state = whole ? CONNECTED : RESPONDED;
  if (whole) {
    cm_tell(id, RDMA_CM_EVENT_ESTABLISHED, 0);
  }
  return 0;
}

int rdma_accept(struct rdma_cm_id *ibv, struct rdma_conn_param *param) {
  FK_ENTER(rdma_accept);
  struct cm_id *id = (struct cm_id *)ibv;
  fk_error = cm_check(id, fk_error, __func__);
  if (fk_error == 0 && (id->state != REQUESTED || id->peer == NULL)) {
    fk_error = EINVAL;
  }
  if (fk_error == 0) {
    struct rdma_conn_param asked = id->param;
    asked.private_data_len = 0;
    uint8_t retries = asked.retry_count;
    fk_error = take_param(id, param != NULL ? param : &asked);
    id->param.retry_count = retries; /* "ignored when accepting" */
    if (fk_error == 0 && id->param.private_data_len > REPLY_DATA) {
      fk_error = EINVAL;
    }
  }
  return fk_leave_minus(fk_error != 0 ? fk_error : respond(id));
}

int rdma_establish(struct rdma_cm_id *ibv) {
  FK_ENTER(rdma_establish);
  struct cm_id *id = (struct cm_id *)ibv;
  fk_error = cm_check(id, fk_error, __func__);
  if (fk_error == 0 && (id->state != RESPONDED || ibv->qp != NULL)) {
    fk_error = EINVAL;
  }
  if (fk_error == 0) {
    id->state = id->peer->state = CONNECTED;
    cm_tell(id->peer, RDMA_CM_EVENT_ESTABLISHED, 0);
  }
  return fk_leave_minus(fk_error);
}

int rdma_reject(struct rdma_cm_id *ibv, const void *data, uint8_t length) {
  FK_ENTER(rdma_reject);
  struct cm_id *id = (struct cm_id *)ibv;
  fk_error = cm_check(id, fk_error, __func__);
  if (fk_error == 0 && (id->state != REQUESTED || length > REFUSAL_DATA)) {
    fk_error = EINVAL;
  }
  if (fk_error == 0) {
    cm_settle(id);
    if (id->peer != NULL) {
      cm_refuse(id->peer, BY_CONSUMER, data, length);
    }
    id->peer = NULL;
    id->state = DISCONNECTED;
  }
  return fk_leave_minus(fk_error);
}

/* The peer's queue pair stays as it is until the peer, too, disconnects. */
int rdma_disconnect(struct rdma_cm_id *ibv) {
  FK_ENTER(rdma_disconnect);
  struct cm_id *id = (struct cm_id *)ibv;
  fk_error = cm_check(id, fk_error, __func__);
  if (fk_error == 0 && id->state != CONNECTED && id->state != DISCONNECTED) {
    fk_error = EINVAL;
  }
  if (fk_error != 0) {
    return fk_leave_minus(fk_error);
  }
  if (ibv->qp != NULL) {
    fk_qp_to_error((struct fk_qp *)ibv->qp);
    fk_note("qp_err");
  }
  struct cm_id *peer = id->peer;
  if (id->state == CONNECTED) {
    id->state = DISCONNECTED;
    cm_tell(id, RDMA_CM_EVENT_DISCONNECTED, 0);
    if (peer != NULL && peer->state == CONNECTED) {
      peer->state = DISCONNECTED;
      cm_tell(peer, RDMA_CM_EVENT_DISCONNECTED, 0);
    }
  }
  if (!id->left && peer != NULL && peer->left) {
    cm_tell(id, RDMA_CM_EVENT_TIMEWAIT_EXIT, 0);
    cm_tell(peer, RDMA_CM_EVENT_TIMEWAIT_EXIT, 0);
  }
  id->left = true;
  return fk_leave(0);
}
