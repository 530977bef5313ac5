/* Completion channels and completion queues: see fakeverbs.h. */
#define _GNU_SOURCE
#include "fakeverbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ibv_comp_channel *ibv_create_comp_channel(struct ibv_context *context) {
  FK_ENTER(ibv_create_comp_channel);
  if (fk_error == 0 && !fk_is_open(context, __func__)) {
    fk_error = EINVAL;
  }
  struct fk_channel *channel = calloc(1, sizeof *channel);
  if (fk_error == 0) {
    fk_error = fk_queue_open(&channel->events);
  }
  if (fk_error != 0) {
    free(channel);
    return fk_leave_null(fk_error);
  }
  channel->magic = FK_CHANNEL;
  channel->ibv.context = context;
  channel->ibv.fd = channel->events.fd;
  fk_context_of(context)->uses++;
  fk_born(FK_KIND_channel);
  fk_unlock();
  return &channel->ibv;
}

int ibv_destroy_comp_channel(struct ibv_comp_channel *ibv) {
  FK_ENTER(ibv_destroy_comp_channel);
  struct fk_channel *channel = (struct fk_channel *)ibv;
  if (fk_error == 0 && !fk_alive(channel, &channel->magic, FK_CHANNEL, __func__)) {
    fk_error = EINVAL;
  }
  if (fk_error == 0 && ibv->refcnt > 0) {
    fk_error = EBUSY;
  }
  if (fk_error == 0) {
    fk_queue_close(&channel->events);
    channel->magic = FK_DEAD;
    fk_context_of(ibv->context)->uses--;
    fk_died(FK_KIND_channel);
  }
  return fk_leave(fk_error);
}

struct ibv_cq *ibv_create_cq(struct ibv_context *context, int cqe, void *cq_context,
                             struct ibv_comp_channel *channel, int comp_vector) {
  FK_ENTER(ibv_create_cq);
  if (fk_error == 0 &&
      (!fk_is_open(context, __func__) || cqe < 1 ||
       cqe > fk_context_of(context)->device->attr.max_cqe || comp_vector < 0 ||
       comp_vector >= context->num_comp_vectors ||
       (channel != NULL && channel->context != context))) {
    fk_error = EINVAL;
  }
  if (fk_error != 0) {
    return fk_leave_null(fk_error);
  }
  struct fk_cq *cq = calloc(1, sizeof *cq);
  cq->magic = FK_CQ;
  cq->ring = calloc((size_t)cqe, sizeof *cq->ring);
  cq->ibv.context = context;
  cq->ibv.channel = channel;
  cq->ibv.cq_context = cq_context;
  cq->ibv.cqe = cqe;
  pthread_mutex_init(&cq->ibv.mutex, NULL);
  pthread_cond_init(&cq->ibv.cond, NULL);
  if (channel != NULL) {
    channel->refcnt++;
  }
  fk_context_of(context)->uses++;
  fk_born(FK_KIND_cq);
  fk_unlock();
  return &cq->ibv;
}

int ibv_resize_cq(struct ibv_cq *cq, int cqe) {
  FK_ENTER(ibv_resize_cq);
  (void)cq, (void)cqe;
  return fk_leave(fk_error != 0 ? fk_error : EOPNOTSUPP);
}

int ibv_destroy_cq(struct ibv_cq *ibv) {
  FK_ENTER(ibv_destroy_cq);
  struct fk_cq *cq = (struct fk_cq *)ibv;
  if (fk_error == 0 && !fk_alive(cq, &cq->magic, FK_CQ, __func__)) {
    fk_error = EINVAL;
  }
  if (fk_error == 0 && cq->uses > 0) {
    fk_error = EBUSY;
  }
  if (fk_error != 0) {
    return fk_leave(fk_error);
  }
  if (ibv->channel != NULL) {
    fk_queue_drop(&((struct fk_channel *)ibv->channel)->events, cq);
    ibv->channel->refcnt--;
    if (cq->events_made != ibv->comp_events_completed) {
      fk_misuse("ibv_destroy_cq would wait for ever: %u events were read and %u acknowledged",
                cq->events_made, ibv->comp_events_completed);
    }
  }
  cq->magic = FK_DEAD;
  free(cq->ring);
  cq->ring = NULL;
  cq->count = 0;
  fk_context_of(ibv->context)->uses--;
  fk_died(FK_KIND_cq);
  return fk_leave(0);
}

int ibv_get_cq_event(struct ibv_comp_channel *ibv, struct ibv_cq **cq, void **cq_context) {
  FK_ENTER(ibv_get_cq_event);
  struct fk_channel *channel = (struct fk_channel *)ibv;
  if (fk_error == 0 && !fk_alive(channel, &channel->magic, FK_CHANNEL, __func__)) {
    fk_error = EINVAL;
  }
  if (fk_error != 0) {
    return fk_leave_minus(fk_error);
  }
  fk_unlock();
  struct fk_event *event = fk_queue_take(&channel->events);
  if (event == NULL) {
    return -1;
  }
  fk_lock();
  struct fk_cq *found = event->subject;
  found->events_made++;
  *cq = &found->ibv;
  *cq_context = found->ibv.cq_context;
  free(event);
  return fk_leave(0);
}

void ibv_ack_cq_events(struct ibv_cq *cq, unsigned count) {
  FK_ENTER(ibv_ack_cq_events);
  (void)fk_error;
  cq->comp_events_completed += count;
  if (cq->comp_events_completed > ((struct fk_cq *)cq)->events_made) {
    fk_misuse("more events of a completion queue were acknowledged than read");
  }
  fk_unlock();
}

int fk_req_notify_cq(struct ibv_cq *ibv, int solicited_only) {
  FK_ENTER(ibv_req_notify_cq);
  struct fk_cq *cq = (struct fk_cq *)ibv;
  if (fk_error == 0 && !fk_alive(cq, &cq->magic, FK_CQ, "ibv_req_notify_cq")) {
    fk_error = EINVAL;
  }
  if (fk_error == 0) {
    cq->armed = solicited_only ? (cq->armed == 1 ? 1 : 2) : 1;
    fk_progress_cq(cq, true);
  }
  return fk_leave(fk_error);
}

void fk_complete(struct fk_cq *cq, struct fk_qp *qp, uint64_t sequence, const struct ibv_wc *wc,
                 bool solicited) {
  fk_add(FK_STAT_completions, 1);
  if (wc->status == IBV_WC_WR_FLUSH_ERR) {
    fk_add(FK_STAT_flushes, 1);
  } else if (wc->status != IBV_WC_SUCCESS) {
    fk_add(FK_STAT_failures, 1);
  }
  if (cq->count == (unsigned)cq->ibv.cqe) {
    fk_add(FK_STAT_overflows, 1);
    if (!cq->overrun) {
      cq->overrun = true;
      fk_misuse("a completion queue of %d entries overflowed", cq->ibv.cqe);
      fk_put_async(fk_context_of(cq->ibv.context), IBV_EVENT_CQ_ERR, cq, 0);
      fk_qp_to_error(qp);
    }
    return;
  }
  struct fk_entry *entry = &cq->ring[(cq->head + cq->count++) % (unsigned)cq->ibv.cqe];
  entry->wc = *wc;
  entry->qp = qp;
  entry->sequence = sequence;
  if (cq->ibv.channel != NULL &&
      (cq->armed == 1 || (cq->armed == 2 && (solicited || wc->status != IBV_WC_SUCCESS)))) {
    cq->armed = 0;
    struct fk_event *event = calloc(1, sizeof *event);
    event->subject = cq;
    fk_add(FK_STAT_cq_events, 1);
    fk_queue_put(&((struct fk_channel *)cq->ibv.channel)->events, event);
  }
}

/* Takes the completions of a queue pair out, as happens when it is destroyed or reset. */
void fk_forget_completions(struct fk_cq *cq, struct fk_qp *qp) {
  unsigned kept = 0;
  for (unsigned i = 0; i < cq->count; i++) {
    struct fk_entry *entry = &cq->ring[(cq->head + i) % (unsigned)cq->ibv.cqe];
    if (entry->qp != qp) {
      cq->ring[(cq->head + kept++) % (unsigned)cq->ibv.cqe] = *entry;
    }
  }
  cq->count = kept;
}

static int poll_noop(struct fk_cq *cq, int capacity, struct ibv_wc *wc) {
  int found = 0;
  fk_call_counts[FK_ibv_poll_cq]++;
  while (found < capacity && cq->noop_head != cq->noop_tail) {
    struct fk_noop *noop = &cq->noop[cq->noop_head++ % FK_NOOP_RING];
    wc[found].wr_id = noop->wr_id;
    wc[found].status = IBV_WC_SUCCESS;
    wc[found].opcode = (enum ibv_wc_opcode)noop->opcode;
    wc[found].vendor_err = 0;
    wc[found].qp_num = noop->qp_num;
    found++;
  }
  return found;
}

int fk_poll_cq(struct ibv_cq *ibv, int capacity, struct ibv_wc *wc) {
  struct fk_cq *cq = (struct fk_cq *)ibv;
  if (fk_noop_on) {
    return poll_noop(cq, capacity, wc);
  }
  FK_ENTER(ibv_poll_cq);
  if (fk_error != 0 || !fk_alive(cq, &cq->magic, FK_CQ, "ibv_poll_cq")) {
    return fk_leave(-(fk_error != 0 ? fk_error : EINVAL));
  }
  cq->polls++;
  if (cq->waiting > 0) {
    fk_progress_cq(cq, false);
  }
  int found = 0;
  while (found < capacity && cq->count > 0) {
    struct fk_entry *entry = &cq->ring[cq->head];
    wc[found++] = entry->wc;
    if (entry->sequence > entry->qp->retired) {
      entry->qp->retired = entry->sequence;
    }
    if (entry->qp->undo != NULL && entry->sequence >= entry->qp->undo_sequence) {
      fk_apply_undo(entry->qp);
    }
    cq->head = (cq->head + 1) % (unsigned)cq->ibv.cqe;
    cq->count--;
  }
  return fk_leave(found);
}
