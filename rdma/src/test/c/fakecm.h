/* What the two files of rdma_cm share: fakecm.c has ids, addresses and events, fakeconn.c queue
 * pairs and connections. */
#ifndef FAKECM_H
#define FAKECM_H

#include "fakeverbs.h"

#define REQUEST_DATA 56
#define REPLY_DATA 196
#define REFUSAL_DATA 148
#define CHANNEL_MAGIC 0xeceeu
#define ID_MAGIC 0x1d1du
#define EVENT_MAGIC 0xe7e7u
#define FIRST_PORT 40000
/* IBTA reasons of a refusal, as the status of RDMA_CM_EVENT_REJECTED. */
#define NO_LISTENER 8
#define BY_CONSUMER 28
/* What the kernel derives from the life time of a packet on Ethernet. */
#define DEFAULT_ACK_TIMEOUT 19

enum id_state {
  IDLE,
  BOUND,
  LISTENING,
  ADDRESS_KNOWN,
  ROUTE_KNOWN,
  CONNECTING,
  REQUESTED,
  RESPONDED, /* accepted, but the active side has no queue pair and must call rdma_establish */
  CONNECTED,
  DISCONNECTED,
};

struct cm_channel {
  struct rdma_event_channel ibv;
  uint32_t magic;
  int uses;
  struct fk_queue events;
};

struct cm_id {
  struct rdma_cm_id ibv;
  uint32_t magic;
  struct cm_id *next;
  enum id_state state;
  struct fk_device *device;
  struct cm_id *peer;
  struct cm_id *listener; /* of a request that is neither accepted nor refused */
  int backlog, pending;
  unsigned unacked;
  struct rdma_conn_param param; /* as this side sees it */
  uint8_t ack_timeout;
  bool left; /* has called rdma_disconnect */
};

struct cm_event {
  struct rdma_cm_event ibv;
  uint32_t magic;
  struct cm_id *subject;
  uint8_t data[256];
};

extern struct cm_id *cm_ids;

/* Checks an id of a call; gives the errno that the call fails with, or 0. */
int cm_check(struct cm_id *id, int error, const char *function);
struct cm_id *cm_make_id(struct rdma_event_channel *channel, void *context,
                         enum rdma_port_space ps);
void cm_remove_id(struct cm_id *id);
void cm_attach(struct cm_id *id, struct fk_device *device);
/* Takes a request out of its listener's hands. */
void cm_settle(struct cm_id *request);
void cm_refuse(struct cm_id *active, int reason, const void *data, uint8_t length);

struct cm_event *cm_make_event(struct cm_id *subject, struct cm_id *id, int type, int status);
void cm_put_event(struct cm_event *event);
void cm_tell(struct cm_id *id, int type, int status);
/* Copies private data into an event, padded with zeroes. */
void cm_put_data(struct cm_event *event, const void *data, uint8_t length, uint8_t padded);

struct sockaddr *cm_source(struct cm_id *id);
struct sockaddr *cm_destination(struct cm_id *id);
uint16_t cm_port_of(const struct sockaddr *address);
/* Whether it is an address of the host that belongs to no device. */
bool cm_is_loopback(const struct sockaddr *address);
struct fk_device *cm_device_at(const struct sockaddr *address);

#endif
