/*
 * rdma_cm in one process: see fakeverbs.h.
 *
 * Everything that a network does later happens here inside the call that asks for it, and is told
 * by an event. A request carries private data as the wire does, padded with zeroes to the size of
 * its message: 56 bytes to the passive side, 196 back, 148 with a refusal.
 */
#define _GNU_SOURCE
#include "fakecm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long an acknowledgement by another thread may take; nobody would give one later. */
enum { ACKNOWLEDGE_LIMIT_MS = 5000 };

struct cm_id *cm_ids;
static struct ibv_context *contexts[FK_DEVICES];
static uint16_t next_port = FIRST_PORT;

static struct fk_queue *queue_of(struct cm_id *id) {
  return &((struct cm_channel *)id->ibv.channel)->events;
}

int cm_check(struct cm_id *id, int error, const char *function) {
  return error != 0 || fk_alive(id, &id->magic, ID_MAGIC, function) ? error : EINVAL;
}

/* ---- Events ----------------------------------------------------------------------------------*/

struct cm_event *cm_make_event(struct cm_id *subject, struct cm_id *id, int type, int status) {
  struct cm_event *event = calloc(1, sizeof *event);
  event->magic = EVENT_MAGIC;
  event->subject = subject;
  event->ibv.id = &id->ibv;
  event->ibv.listen_id = subject == id ? NULL : &subject->ibv;
  event->ibv.event = (enum rdma_cm_event_type)type;
  event->ibv.status = status;
  return event;
}

void cm_put_event(struct cm_event *event) {
  struct fk_event *queued = calloc(1, sizeof *queued);
  queued->subject = event->subject;
  queued->cm = &event->ibv;
  fk_add(FK_STAT_cm_events, 1);
  fk_queue_put(queue_of(event->subject), queued);
}

void cm_tell(struct cm_id *id, int type, int status) {
  cm_put_event(cm_make_event(id, id, type, status));
}

void cm_put_data(struct cm_event *event, const void *data, uint8_t length, uint8_t padded) {
  if (length > 0) {
    memcpy(event->data, data, length);
  }
  event->ibv.param.conn.private_data = event->data;
  event->ibv.param.conn.private_data_len = padded;
}

struct rdma_event_channel *rdma_create_event_channel(void) {
  FK_ENTER(rdma_create_event_channel);
  struct cm_channel *channel = calloc(1, sizeof *channel);
  if (fk_error == 0) {
    fk_error = fk_queue_open(&channel->events);
  }
  if (fk_error != 0) {
    free(channel);
    return fk_leave_null(fk_error);
  }
  channel->magic = CHANNEL_MAGIC;
  channel->ibv.fd = channel->events.fd;
  fk_born(FK_KIND_event_channel);
  fk_unlock();
  return &channel->ibv;
}

void rdma_destroy_event_channel(struct rdma_event_channel *ibv) {
  FK_ENTER(rdma_destroy_event_channel);
  (void)fk_error;
  struct cm_channel *channel = (struct cm_channel *)ibv;
  if (fk_alive(channel, &channel->magic, CHANNEL_MAGIC, __func__)) {
    if (channel->uses > 0) {
      fk_misuse("an event channel was destroyed with %d ids on it", channel->uses);
    }
    fk_queue_close(&channel->events);
    channel->magic = FK_DEAD;
    fk_died(FK_KIND_event_channel);
  }
  fk_unlock();
}

int rdma_get_cm_event(struct rdma_event_channel *ibv, struct rdma_cm_event **event) {
  FK_ENTER(rdma_get_cm_event);
  struct cm_channel *channel = (struct cm_channel *)ibv;
  if (fk_error == 0 && !fk_alive(channel, &channel->magic, CHANNEL_MAGIC, __func__)) {
    fk_error = EINVAL;
  }
  if (fk_error != 0) {
    return fk_leave_minus(fk_error);
  }
  fk_unlock();
  struct fk_event *queued = fk_queue_take(&channel->events);
  if (queued == NULL) {
    return -1;
  }
  fk_lock();
  *event = queued->cm;
  ((struct cm_event *)queued->cm)->subject->unacked++;
  free(queued);
  return fk_leave(0);
}

/* What the event held is overwritten, so that who reads it later finds no sense. */
int rdma_ack_cm_event(struct rdma_cm_event *ibv) {
  FK_ENTER(rdma_ack_cm_event);
  struct cm_event *event = (struct cm_event *)ibv;
  if (fk_error == 0 && !fk_alive(event, &event->magic, EVENT_MAGIC, __func__)) {
    fk_error = EINVAL;
  }
  if (fk_error == 0) {
    event->subject->unacked--;
    memset(event, FK_UNDEFINED, sizeof *event);
    event->magic = FK_DEAD;
    fk_add(FK_STAT_cm_acks, 1);
  }
  return fk_leave_minus(fk_error);
}

const char *rdma_event_str(enum rdma_cm_event_type event) {
  static const char *const texts[] = {
      "RDMA_CM_EVENT_ADDR_RESOLVED",   "RDMA_CM_EVENT_ADDR_ERROR",
      "RDMA_CM_EVENT_ROUTE_RESOLVED",  "RDMA_CM_EVENT_ROUTE_ERROR",
      "RDMA_CM_EVENT_CONNECT_REQUEST", "RDMA_CM_EVENT_CONNECT_RESPONSE",
      "RDMA_CM_EVENT_CONNECT_ERROR",   "RDMA_CM_EVENT_UNREACHABLE",
      "RDMA_CM_EVENT_REJECTED",        "RDMA_CM_EVENT_ESTABLISHED",
      "RDMA_CM_EVENT_DISCONNECTED",    "RDMA_CM_EVENT_DEVICE_REMOVAL",
      "RDMA_CM_EVENT_MULTICAST_JOIN",  "RDMA_CM_EVENT_MULTICAST_ERROR",
      "RDMA_CM_EVENT_ADDR_CHANGE",     "RDMA_CM_EVENT_TIMEWAIT_EXIT",
  };
  return (unsigned)event < sizeof texts / sizeof texts[0] ? texts[event] : "UNKNOWN EVENT";
}

/* ---- Addresses -------------------------------------------------------------------------------*/

static socklen_t size_of(const struct sockaddr *address) {
  return address->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static bool is_known_family(const struct sockaddr *address) {
  return address != NULL && (address->sa_family == AF_INET || address->sa_family == AF_INET6);
}

uint16_t cm_port_of(const struct sockaddr *address) {
  return ntohs(address->sa_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                             : ((const struct sockaddr_in6 *)address)->sin6_port);
}

static void set_port(struct sockaddr *address, uint16_t port) {
  if (address->sa_family == AF_INET) {
    ((struct sockaddr_in *)address)->sin_port = htons(port);
  } else {
    ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
  }
}

/* The address as a GID: an IPv4 address is mapped into IPv6. */
static union ibv_gid gid_of(const struct sockaddr *address) {
  union ibv_gid gid = {0};
  if (address->sa_family == AF_INET) {
    gid.raw[10] = gid.raw[11] = 0xff;
    memcpy(gid.raw + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
  } else {
    memcpy(gid.raw, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
  }
  return gid;
}

static bool is_any(const struct sockaddr *address) {
  union ibv_gid gid = gid_of(address);
  int used = address->sa_family == AF_INET ? 12 : 0;
  for (int i = used; i < 16; i++) {
    if (gid.raw[i] != 0) {
      return false;
    }
  }
  return true;
}

bool cm_is_loopback(const struct sockaddr *address) {
  union ibv_gid gid = gid_of(address);
  return address->sa_family == AF_INET
             ? gid.raw[12] == 127
             : IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

struct fk_device *cm_device_at(const struct sockaddr *address) {
  union ibv_gid gid = gid_of(address);
  struct fk_device *device = fk_device_with_gid(&gid);
  return device != NULL && device - fk_devices < fk_device_count ? device : NULL;
}

struct sockaddr *cm_source(struct cm_id *id) { return &id->ibv.route.addr.src_addr; }

struct sockaddr *cm_destination(struct cm_id *id) { return &id->ibv.route.addr.dst_addr; }

void cm_attach(struct cm_id *id, struct fk_device *device) {
  int index = (int)(device - fk_devices);
  if (contexts[index] == NULL) {
    contexts[index] = fk_open(device, true);
  }
  id->device = device;
  id->ibv.verbs = contexts[index];
  id->ibv.port_num = 1;
}

static bool is_taken(struct cm_id *wanting, uint16_t port) {
  for (struct cm_id *id = cm_ids; id != NULL; id = id->next) {
    if (id != wanting && (id->state == BOUND || id->state == LISTENING) &&
        id->ibv.ps == wanting->ibv.ps && cm_port_of(cm_source(id)) == port &&
        (id->device == NULL || wanting->device == NULL || id->device == wanting->device)) {
      return true;
    }
  }
  return false;
}

static int bind_id(struct cm_id *id, const struct sockaddr *address) {
  if (id->state != IDLE || !is_known_family(address)) {
    return EINVAL;
  }
  if (!is_any(address) && !cm_is_loopback(address)) {
    struct fk_device *device = cm_device_at(address);
    if (device == NULL) {
      return EADDRNOTAVAIL;
    }
    cm_attach(id, device);
  }
  memcpy(cm_source(id), address, size_of(address));
  uint16_t port = cm_port_of(address);
  if (port == 0) {
    do {
      port = next_port++;
      next_port = next_port < FIRST_PORT ? FIRST_PORT : next_port;
    } while (is_taken(id, port));
    set_port(cm_source(id), port);
  } else if (is_taken(id, port)) {
    memset(cm_source(id), 0, sizeof(struct sockaddr_storage));
    return EADDRINUSE;
  }
  id->state = BOUND;
  return 0;
}

/* ---- Ids -------------------------------------------------------------------------------------*/

struct cm_id *cm_make_id(struct rdma_event_channel *channel, void *context,
                             enum rdma_port_space ps) {
  struct cm_id *id = calloc(1, sizeof *id);
  id->magic = ID_MAGIC;
  id->ack_timeout = DEFAULT_ACK_TIMEOUT;
  id->ibv.channel = channel;
  id->ibv.context = context;
  id->ibv.ps = ps;
  id->ibv.qp_type = IBV_QPT_RC;
  ((struct cm_channel *)channel)->uses++;
  id->next = cm_ids;
  cm_ids = id;
  fk_born(FK_KIND_id);
  return id;
}

int rdma_create_id(struct rdma_event_channel *channel, struct rdma_cm_id **id, void *context,
                   enum rdma_port_space ps) {
  FK_ENTER(rdma_create_id);
  struct cm_channel *own = (struct cm_channel *)channel;
  if (fk_error == 0 && (!fk_alive(own, &own->magic, CHANNEL_MAGIC, __func__) ||
                        (ps != RDMA_PS_TCP && ps != RDMA_PS_IB))) {
    fk_error = EINVAL;
  }
  if (fk_error == 0) {
    *id = &cm_make_id(channel, context, ps)->ibv;
  }
  return fk_leave_minus(fk_error);
}

static void part(struct cm_id *id);

void cm_refuse(struct cm_id *active, int reason, const void *data, uint8_t length) {
  struct cm_event *event = cm_make_event(active, active, RDMA_CM_EVENT_REJECTED, reason);
  cm_put_data(event, data, length, REFUSAL_DATA);
  active->state = ROUTE_KNOWN;
  active->peer = NULL;
  cm_put_event(event);
}

void cm_settle(struct cm_id *request) {
  if (request->listener != NULL) {
    request->listener->pending--;
    request->listener = NULL;
  }
}

void cm_remove_id(struct cm_id *id) {
  part(id);
  fk_queue_drop(queue_of(id), id);
  struct cm_id **link = &cm_ids;
  while (*link != id) {
    link = &(*link)->next;
  }
  *link = id->next;
  ((struct cm_channel *)id->ibv.channel)->uses--;
  id->magic = FK_DEAD;
  fk_died(FK_KIND_id);
}

/* A request that nobody has read and nobody will, or NULL. */
static struct cm_id *next_unread(struct cm_id *listener) {
  for (struct fk_event *e = queue_of(listener)->first; e != NULL; e = e->next) {
    if (e->subject == listener && e->cm->listen_id != NULL) {
      e->cm->listen_id = NULL;
      return (struct cm_id *)e->cm->id;
    }
  }
  return NULL;
}

/* Ends the side's part in a connection, or in the attempt at one. */
static void part(struct cm_id *id) {
  struct cm_id *peer = id->peer;
  id->peer = NULL;
  switch (id->state) {
    case REQUESTED:
      cm_settle(id);
      if (peer != NULL) {
        cm_refuse(peer, BY_CONSUMER, NULL, 0);
      }
      break;
    case CONNECTING:
    case RESPONDED:
    case CONNECTED:
      if (peer != NULL) {
        cm_settle(peer);
        peer->peer = NULL;
        peer->state = DISCONNECTED;
        cm_tell(peer, RDMA_CM_EVENT_DISCONNECTED, 0);
      }
      break;
    case LISTENING:
      for (struct cm_id *unread = next_unread(id); unread != NULL; unread = next_unread(id)) {
        cm_remove_id(unread);
      }
      for (struct cm_id *request = cm_ids; request != NULL; request = request->next) {
        request->listener = request->listener == id ? NULL : request->listener;
      }
      break;
    default:
      if (peer != NULL) {
        peer->peer = NULL;
      }
  }
}

/* The real one waits until other threads have acknowledged the events that they took. */
static void await_acknowledgements(struct cm_id *id) {
  for (int waited_ms = 0; id->unacked > 0 && waited_ms < ACKNOWLEDGE_LIMIT_MS; waited_ms++) {
    fk_unlock();
    usleep(1000);
    fk_lock();
  }
}

int rdma_destroy_id(struct rdma_cm_id *ibv) {
  FK_ENTER(rdma_destroy_id);
  struct cm_id *id = (struct cm_id *)ibv;
  fk_error = cm_check(id, fk_error, __func__);
  if (fk_error == 0) {
    await_acknowledgements(id);
    if (id->unacked > 0) {
      fk_misuse("rdma_destroy_id would wait for ever: %u events are not acknowledged",
                id->unacked);
    }
    if (ibv->qp != NULL) {
      fk_misuse("rdma_destroy_id was called before rdma_destroy_qp");
    }
    cm_remove_id(id);
  }
  return fk_leave_minus(fk_error);
}

int rdma_bind_addr(struct rdma_cm_id *ibv, struct sockaddr *address) {
  FK_ENTER(rdma_bind_addr);
  struct cm_id *id = (struct cm_id *)ibv;
  fk_error = cm_check(id, fk_error, __func__);
  return fk_leave_minus(fk_error != 0 ? fk_error : bind_id(id, address));
}

int rdma_listen(struct rdma_cm_id *ibv, int backlog) {
  FK_ENTER(rdma_listen);
  struct cm_id *id = (struct cm_id *)ibv;
  fk_error = cm_check(id, fk_error, __func__);
  if (fk_error == 0 && id->state == IDLE) {
    struct sockaddr_in any = {.sin_family = AF_INET};
    fk_error = bind_id(id, (struct sockaddr *)&any);
  }
  if (fk_error == 0 && id->state != BOUND) {
    fk_error = EINVAL;
  }
  if (fk_error == 0) {
    id->state = LISTENING;
    id->backlog = backlog;
  }
  return fk_leave_minus(fk_error);
}

int rdma_resolve_addr(struct rdma_cm_id *ibv, struct sockaddr *src, struct sockaddr *dst,
                      int timeout_ms) {
  FK_ENTER(rdma_resolve_addr);
  struct cm_id *id = (struct cm_id *)ibv;
  (void)timeout_ms;
  fk_error = cm_check(id, fk_error, __func__);
  if (fk_error == 0 && (!is_known_family(dst) || (id->state != IDLE && id->state != BOUND))) {
    fk_error = EINVAL;
  }
  if (fk_error == 0 && src != NULL && id->state == IDLE) {
    fk_error = bind_id(id, src);
  }
  if (fk_error != 0) {
    return fk_leave_minus(fk_error);
  }
  memcpy(cm_destination(id), dst, size_of(dst));
  struct fk_device *device = cm_device_at(dst);
  if (device == NULL && !cm_is_loopback(dst)) {
    cm_tell(id, RDMA_CM_EVENT_ADDR_ERROR, -ENODEV);
    return fk_leave(0);
  }
  if (device != NULL && id->device == NULL) {
    cm_attach(id, device);
    uint16_t port = cm_source(id)->sa_family == 0 ? 0 : cm_port_of(cm_source(id));
    memcpy(cm_source(id), dst, size_of(dst));
    set_port(cm_source(id), port != 0 ? port : next_port++);
  }
  id->state = ADDRESS_KNOWN;
  cm_tell(id, RDMA_CM_EVENT_ADDR_RESOLVED, 0);
  return fk_leave(0);
}

int rdma_resolve_route(struct rdma_cm_id *ibv, int timeout_ms) {
  FK_ENTER(rdma_resolve_route);
  struct cm_id *id = (struct cm_id *)ibv;
  (void)timeout_ms;
  fk_error = cm_check(id, fk_error, __func__);
  if (fk_error == 0 && id->state != ADDRESS_KNOWN) {
    fk_error = EINVAL;
  }
  /* An address of the host itself is found, but leads to no device: as soft-RoCE has it. */
  if (fk_error == 0 && id->device == NULL) {
    fk_error = ENODEV;
  }
  if (fk_error == 0) {
    id->state = ROUTE_KNOWN;
    cm_tell(id, RDMA_CM_EVENT_ROUTE_RESOLVED, 0);
  }
  return fk_leave_minus(fk_error);
}

/* ---- Options and names ------------------------------------------------------------------------*/

int rdma_set_option(struct rdma_cm_id *ibv, int level, int name, void *value, size_t length) {
  FK_ENTER(rdma_set_option);
  struct cm_id *id = (struct cm_id *)ibv;
  fk_error = cm_check(id, fk_error, __func__);
  size_t expected = name == RDMA_OPTION_ID_TOS || name == RDMA_OPTION_ID_ACK_TIMEOUT ? 1 : 4;
  if (fk_error == 0 && (level != RDMA_OPTION_ID || name < RDMA_OPTION_ID_TOS ||
                        name > RDMA_OPTION_ID_ACK_TIMEOUT)) {
    fk_error = ENOSYS;
  }
  if (fk_error == 0 && length != expected) {
    fk_error = EINVAL;
  }
  if (fk_error == 0 && name == RDMA_OPTION_ID_ACK_TIMEOUT) {
    id->ack_timeout = *(uint8_t *)value & 31;
  }
  return fk_leave_minus(fk_error);
}

int rdma_getaddrinfo(const char *node, const char *service, const struct rdma_addrinfo *hints,
                     struct rdma_addrinfo **result) {
  FK_ENTER(rdma_getaddrinfo);
  if (fk_error != 0) {
    return fk_leave_minus(fk_error);
  }
  fk_unlock();
  int flags = hints != NULL ? hints->ai_flags : 0;
  struct addrinfo wanted = {
      .ai_flags = ((flags & RAI_PASSIVE) != 0 ? AI_PASSIVE : 0) |
                  ((flags & RAI_NUMERICHOST) != 0 ? AI_NUMERICHOST : 0),
      .ai_family = (flags & RAI_FAMILY) != 0 ? hints->ai_family : AF_UNSPEC,
      .ai_socktype = SOCK_STREAM,
  };
  struct addrinfo *found;
  int error = getaddrinfo(node, service, &wanted, &found);
  if (error != 0) {
    return error;
  }
  struct rdma_addrinfo *info = calloc(1, sizeof *info);
  struct sockaddr *address = calloc(1, sizeof(struct sockaddr_storage));
  memcpy(address, found->ai_addr, found->ai_addrlen);
  info->ai_flags = flags;
  info->ai_family = found->ai_family;
  info->ai_qp_type = IBV_QPT_RC;
  info->ai_port_space = RDMA_PS_TCP;
  if ((flags & RAI_PASSIVE) != 0) {
    info->ai_src_addr = address;
    info->ai_src_len = found->ai_addrlen;
  } else {
    info->ai_dst_addr = address;
    info->ai_dst_len = found->ai_addrlen;
  }
  freeaddrinfo(found);
  *result = info;
  return 0;
}

void rdma_freeaddrinfo(struct rdma_addrinfo *info) {
  FK_ENTER(rdma_freeaddrinfo);
  (void)fk_error;
  fk_unlock();
  free(info->ai_src_addr);
  free(info->ai_dst_addr);
  free(info);
}
