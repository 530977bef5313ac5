/* Devices, contexts, protection domains, memory regions: see fakeverbs.h. */
#define _GNU_SOURCE
#include "fakeverbs.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct fk_device fk_devices[FK_DEVICES];
int fk_device_count = FK_DEVICES;
struct fk_context *fk_contexts;

/* ---- Devices ---------------------------------------------------------------------------------*/

static void reset_device(int index) {
  struct fk_device *device = &fk_devices[index];
  device->attr = (struct ibv_device_attr){
      .fw_ver = "16.35.4030",
      .node_guid = htobe64(0x0002c90300fa0000u + (unsigned)index),
      .sys_image_guid = htobe64(0x0002c90300fa0000u + (unsigned)index),
      .max_mr_size = UINT64_MAX,
      .page_size_cap = 0xfffff000,
      .vendor_id = 0x02c9,
      .vendor_part_id = 4119,
      .max_qp = 131072,
      .max_qp_wr = 32768,
      .max_sge = 30,
      .max_sge_rd = 30,
      .max_cq = 65536,
      .max_cqe = 4194303,
      .max_mr = 16777215,
      .max_pd = 32768,
      .max_qp_rd_atom = 16,
      .max_res_rd_atom = 2097152,
      .max_qp_init_rd_atom = 16,
      .atomic_cap = index == 0 ? IBV_ATOMIC_HCA : IBV_ATOMIC_NONE,
      .max_pkeys = 1,
      .phys_port_cnt = 1,
  };
  device->port = (struct ibv_port_attr){
      .state = IBV_PORT_ACTIVE,
      .max_mtu = IBV_MTU_4096,
      .active_mtu = IBV_MTU_4096,
      .gid_tbl_len = FK_GIDS,
      .port_cap_flags = 0x04010000,
      .max_msg_sz = 1u << 30,
      .pkey_tbl_len = 1,
      .max_vl_num = 1,
      .active_width = 2,
      .active_speed = 32,
      .phys_state = 5,
      .link_layer = IBV_LINK_LAYER_ETHERNET,
      .flags = IBV_QPF_GRH_REQUIRED,
  };
}

void fk_reset_devices(void) {
  for (int i = 0; i < FK_DEVICES; i++) {
    reset_device(i);
  }
}

__attribute__((constructor)) static void make_devices(void) {
  fk_reset_devices();
  for (int i = 0; i < FK_DEVICES; i++) {
    struct fk_device *device = &fk_devices[i];
    device->ibv.node_type = IBV_NODE_CA;
    device->ibv.transport_type = IBV_TRANSPORT_IB;
    snprintf(device->ibv.name, sizeof device->ibv.name, "fake%d", i);
    snprintf(device->ibv.dev_name, sizeof device->ibv.dev_name, "uverbs%d", i);
    snprintf(device->ibv.dev_path, sizeof device->ibv.dev_path,
             "/sys/class/infiniband_verbs/uverbs%d", i);
    snprintf(device->ibv.ibdev_path, sizeof device->ibv.ibdev_path, "/sys/class/infiniband/fake%d",
             i);
    char text[64];
    snprintf(text, sizeof text, "fe80::202:c9ff:fefa:%d", i + 1);
    inet_pton(AF_INET6, text, device->gids[0].raw);
    snprintf(text, sizeof text, "::ffff:10.9.9.%d", i + 1);
    inet_pton(AF_INET6, text, device->gids[1].raw);
    snprintf(text, sizeof text, "fd09::%d", i + 1);
    inet_pton(AF_INET6, text, device->gids[2].raw);
  }
}

int fake_set_device(int device, const char *field, uint64_t value) {
  if (device < 0 || device >= FK_DEVICES) {
    return -1;
  }
  fk_lock();
  struct ibv_device_attr *attr = &fk_devices[device].attr;
  struct ibv_port_attr *port = &fk_devices[device].port;
  int result = 0;
  if (strcmp(field, "atomic_cap") == 0) {
    attr->atomic_cap = (enum ibv_atomic_cap)value;
  } else if (strcmp(field, "max_qp_rd_atom") == 0) {
    attr->max_qp_rd_atom = attr->max_qp_init_rd_atom = (int)value;
  } else if (strcmp(field, "max_qp_wr") == 0) {
    attr->max_qp_wr = (int)value;
  } else if (strcmp(field, "max_cqe") == 0) {
    attr->max_cqe = (int)value;
  } else if (strcmp(field, "max_sge") == 0) {
    attr->max_sge = attr->max_sge_rd = (int)value;
  } else if (strcmp(field, "max_mr_size") == 0) {
    attr->max_mr_size = value;
  } else if (strcmp(field, "port_state") == 0) {
    port->state = (enum ibv_port_state)value;
  } else if (strcmp(field, "active_mtu") == 0) {
    port->active_mtu = (enum ibv_mtu)value;
  } else if (strcmp(field, "max_msg_sz") == 0) {
    port->max_msg_sz = (uint32_t)value;
  } else if (strcmp(field, "link_layer") == 0) {
    port->link_layer = (uint8_t)value;
    port->flags = value == IBV_LINK_LAYER_ETHERNET ? IBV_QPF_GRH_REQUIRED : 0;
    port->lid = value == IBV_LINK_LAYER_ETHERNET ? 0 : (uint16_t)(device + 1);
  } else {
    result = -1;
  }
  return fk_leave(result);
}

struct fk_device *fk_device_with_gid(const union ibv_gid *gid) {
  for (int i = 0; i < FK_DEVICES; i++) {
    for (int j = 0; j < 3; j++) {
      if (memcmp(gid, &fk_devices[i].gids[j], sizeof *gid) == 0) {
        return &fk_devices[i];
      }
    }
  }
  return NULL;
}

struct ibv_device **ibv_get_device_list(int *count) {
  FK_ENTER(ibv_get_device_list);
  if (fk_error != 0) {
    return fk_leave_null(fk_error);
  }
  struct ibv_device **list = calloc(FK_DEVICES + 1, sizeof *list);
  for (int i = 0; i < fk_device_count; i++) {
    list[i] = &fk_devices[i].ibv;
  }
  if (count != NULL) {
    *count = fk_device_count;
  }
  fk_born(FK_KIND_device_list);
  fk_unlock();
  return list;
}

void ibv_free_device_list(struct ibv_device **list) {
  FK_ENTER(ibv_free_device_list);
  (void)fk_error;
  fk_died(FK_KIND_device_list);
  free(list);
  fk_unlock();
}

const char *ibv_get_device_name(struct ibv_device *device) { return device ? device->name : NULL; }

__be64 ibv_get_device_guid(struct ibv_device *device) {
  return ((struct fk_device *)device)->attr.node_guid;
}

int ibv_get_device_index(struct ibv_device *device) {
  return (int)((struct fk_device *)device - fk_devices);
}

struct fk_context *fk_context_of(struct ibv_context *context) {
  return (struct fk_context *)((char *)context - offsetof(struct fk_context, ex) -
                               offsetof(struct verbs_context, context));
}

static int query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr,
                      size_t length) {
  FK_ENTER(ibv_query_port);
  if (fk_error == 0 && port_num != 1) {
    fk_error = EINVAL;
  }
  if (fk_error == 0) {
    memcpy(attr, &fk_context_of(context)->device->port,
           length < sizeof *attr ? length : sizeof *attr);
  }
  return fk_leave(fk_error);
}

static int query_device_ex(struct ibv_context *context,
                           const struct ibv_query_device_ex_input *input,
                           struct ibv_device_attr_ex *attr, size_t length) {
  FK_ENTER(ibv_query_device_ex);
  if (fk_error == 0) {
    struct ibv_device_attr_ex all = {.orig_attr = fk_context_of(context)->device->attr};
    all.phys_port_cnt_ex = 1;
    memcpy(attr, &all, length < sizeof all ? length : sizeof all);
  }
  (void)input;
  return fk_leave(fk_error);
}

struct ibv_context *fk_open(struct fk_device *device, bool internal) {
  struct fk_context *context = calloc(1, sizeof *context);
  if (fk_queue_open(&context->async) != 0) {
    free(context);
    return NULL;
  }
  context->magic = FK_CONTEXT;
  context->device = device;
  context->internal = internal;
  context->next = fk_contexts;
  fk_contexts = context;
  context->ex.sz = sizeof context->ex;
  context->ex.query_port = query_port;
  context->ex.query_device_ex = query_device_ex;
  struct ibv_context *ibv = &context->ex.context;
  ibv->device = &device->ibv;
  ibv->cmd_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  ibv->async_fd = context->async.fd;
  ibv->num_comp_vectors = 2;
  pthread_mutex_init(&ibv->mutex, NULL);
  ibv->abi_compat = __VERBS_ABI_IS_EXTENDED;
  ibv->ops.post_send = fk_post_send;
  ibv->ops.post_recv = fk_post_recv;
  ibv->ops.poll_cq = fk_poll_cq;
  ibv->ops.req_notify_cq = fk_req_notify_cq;
  return ibv;
}

struct ibv_context *ibv_open_device(struct ibv_device *device) {
  FK_ENTER(ibv_open_device);
  if (fk_error != 0) {
    return fk_leave_null(fk_error);
  }
  struct ibv_context *context = fk_open((struct fk_device *)device, false);
  if (context == NULL) {
    return fk_leave_null(errno);
  }
  fk_born(FK_KIND_context);
  fk_unlock();
  return context;
}

/* Whether a context is open; if not, the misuse is recorded. */
bool fk_is_open(struct ibv_context *ibv, const char *function) {
  struct fk_context *context = ibv == NULL ? NULL : fk_context_of(ibv);
  return fk_alive(context, &context->magic, FK_CONTEXT, function);
}

int ibv_close_device(struct ibv_context *ibv) {
  FK_ENTER(ibv_close_device);
  if (fk_error != 0 || !fk_is_open(ibv, __func__)) {
    return fk_leave_minus(fk_error != 0 ? fk_error : EINVAL);
  }
  struct fk_context *context = fk_context_of(ibv);
  if (context->internal) {
    fk_misuse("ibv_close_device was called with a context of the connection manager");
    return fk_leave_minus(EINVAL);
  }
  if (context->uses > 0) {
    fk_misuse("%s was closed with %d objects on it", context->device->ibv.name, context->uses);
  }
  struct fk_context **link = &fk_contexts;
  while (*link != context) {
    link = &(*link)->next;
  }
  *link = context->next;
  context->magic = FK_DEAD;
  fk_queue_close(&context->async);
  close(ibv->cmd_fd);
  fk_died(FK_KIND_context);
  return fk_leave(0);
}

int ibv_query_device(struct ibv_context *context, struct ibv_device_attr *attr) {
  FK_ENTER(ibv_query_device);
  if (fk_error == 0) {
    *attr = fk_context_of(context)->device->attr;
  }
  return fk_leave(fk_error);
}

/* As exported: fills the struct as it was long ago, up to and with flags. */
int ibv_query_port(struct ibv_context *context, uint8_t port_num,
                   struct _compat_ibv_port_attr *attr) {
  return query_port(context, port_num, (struct ibv_port_attr *)attr,
                    offsetof(struct ibv_port_attr, port_cap_flags2));
}

int ibv_query_gid(struct ibv_context *context, uint8_t port_num, int index, union ibv_gid *gid) {
  FK_ENTER(ibv_query_gid);
  if (fk_error == 0 && (port_num != 1 || index < 0 || index >= FK_GIDS)) {
    fk_error = EINVAL;
  }
  if (fk_error == 0) {
    *gid = fk_context_of(context)->device->gids[index];
  }
  return fk_leave_minus(fk_error);
}

int _ibv_query_gid_ex(struct ibv_context *context, uint32_t port_num, uint32_t index,
                      struct ibv_gid_entry *entry, uint32_t flags, size_t entry_size) {
  if (flags != 0 || entry_size != sizeof *entry) {
    return EINVAL;
  }
  if (ibv_query_gid(context, (uint8_t)port_num, (int)index, &entry->gid) != 0) {
    return errno;
  }
  static const union ibv_gid none;
  if (memcmp(&entry->gid, &none, sizeof none) == 0) {
    return ENODATA;
  }
  entry->gid_index = index;
  entry->port_num = port_num;
  entry->gid_type = IBV_GID_TYPE_ROCE_V2;
  entry->ndev_ifindex = 1;
  return 0;
}

int ibv_query_pkey(struct ibv_context *context, uint8_t port_num, int index, __be16 *pkey) {
  FK_ENTER(ibv_query_pkey);
  if (fk_error == 0 && (port_num != 1 || index != 0)) {
    fk_error = EINVAL;
  }
  if (fk_error == 0) {
    *pkey = 0xffff;
  }
  (void)context;
  return fk_leave_minus(fk_error);
}

/* ---- Protection domains ----------------------------------------------------------------------*/

struct ibv_pd *ibv_alloc_pd(struct ibv_context *context) {
  FK_ENTER(ibv_alloc_pd);
  if (fk_error != 0 || !fk_is_open(context, __func__)) {
    return fk_leave_null(fk_error != 0 ? fk_error : EINVAL);
  }
  struct fk_pd *pd = calloc(1, sizeof *pd);
  pd->ibv.context = context;
  pd->magic = FK_PD;
  fk_context_of(context)->uses++;
  fk_born(FK_KIND_pd);
  fk_unlock();
  return &pd->ibv;
}

int ibv_dealloc_pd(struct ibv_pd *ibv) {
  FK_ENTER(ibv_dealloc_pd);
  struct fk_pd *pd = (struct fk_pd *)ibv;
  if (fk_error == 0 && !fk_alive(pd, &pd->magic, FK_PD, __func__)) {
    fk_error = EINVAL;
  }
  if (fk_error == 0 && pd->uses > 0) {
    fk_error = EBUSY;
  }
  if (fk_error == 0) {
    pd->magic = FK_DEAD;
    fk_context_of(ibv->context)->uses--;
    fk_died(FK_KIND_pd);
  }
  return fk_leave(fk_error);
}

/* ---- Memory regions --------------------------------------------------------------------------*/

/* Keys are the index of the region and a tag that tells the two keys apart; neither is reused. */
#define LKEY_TAG 0x11u
#define RKEY_TAG 0x22u

static struct fk_mr **regions;
static uint32_t region_count, region_capacity;

struct fk_mr *fk_find_mr(uint32_t key, bool remote) {
  uint32_t index = (key >> 8) - 1;
  if ((key & 0xff) != (remote ? RKEY_TAG : LKEY_TAG) || index >= region_count) {
    return NULL;
  }
  return regions[index]->magic == FK_MR ? regions[index] : NULL;
}

/* Whether every page of the range is mapped, as a device must pin it. */
static bool is_mapped(const void *address, size_t length) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  uintptr_t at = (uintptr_t)address & ~(page - 1);
  uintptr_t end = (uintptr_t)address + length;
  unsigned char residency[4096];
  while (at < end) {
    size_t bytes = end - at < sizeof residency * page ? end - at : sizeof residency * page;
    if (mincore((void *)at, bytes, residency) != 0) {
      return false;
    }
    at += bytes;
  }
  return true;
}

static int check_registration(struct fk_pd *pd, void *address, size_t length, unsigned access,
                              const char *function) {
  const unsigned known = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ |
                         IBV_ACCESS_REMOTE_ATOMIC | IBV_ACCESS_MW_BIND | IBV_ACCESS_HUGETLB |
                         IBV_ACCESS_OPTIONAL_RANGE;
  if (!fk_alive(pd, &pd->magic, FK_PD, function)) {
    return EINVAL;
  }
  if ((access & (IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC)) != 0 &&
      (access & IBV_ACCESS_LOCAL_WRITE) == 0) {
    return EINVAL;
  }
  if ((access & ~known) != 0 || length == 0 ||
      length > fk_context_of(pd->ibv.context)->device->attr.max_mr_size) {
    return EINVAL;
  }
  return is_mapped(address, length) ? 0 : EFAULT;
}

/* Needs the lock, and gives it up. */
static struct ibv_mr *register_and_leave(struct ibv_pd *ibv, void *address, size_t length,
                                         uint64_t iova, unsigned access, int error,
                                         const char *function) {
  struct fk_pd *pd = (struct fk_pd *)ibv;
  if (error == 0) {
    error = check_registration(pd, address, length, access, function);
  }
  if (error != 0) {
    return fk_leave_null(error);
  }
  if (region_count == region_capacity) {
    region_capacity = region_capacity * 2 + 64;
    regions = realloc(regions, region_capacity * sizeof *regions);
  }
  struct fk_mr *mr = calloc(1, sizeof *mr);
  regions[region_count++] = mr;
  mr->magic = FK_MR;
  mr->iova = iova;
  mr->access = access;
  mr->ibv = (struct ibv_mr){
      .context = ibv->context,
      .pd = ibv,
      .addr = address,
      .length = length,
      .handle = region_count,
      .lkey = region_count << 8 | LKEY_TAG,
      .rkey = region_count << 8 | RKEY_TAG,
  };
  pd->uses++;
  fk_born(FK_KIND_mr);
  fk_unlock();
  return &mr->ibv;
}

/* As exported, for access flags that every kernel knows; others belong to ibv_reg_mr_iova2. */
struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *address, size_t length, int access) {
  FK_ENTER(ibv_reg_mr);
  if (fk_error == 0 && ((unsigned)access & IBV_ACCESS_OPTIONAL_RANGE) != 0) {
    fk_error = EINVAL;
  }
  return register_and_leave(pd, address, length, (uintptr_t)address, (unsigned)access, fk_error,
                            __func__);
}

struct ibv_mr *ibv_reg_mr_iova(struct ibv_pd *pd, void *address, size_t length, uint64_t iova,
                               int access) {
  FK_ENTER(ibv_reg_mr_iova);
  if (fk_error == 0 && ((unsigned)access & IBV_ACCESS_OPTIONAL_RANGE) != 0) {
    fk_error = EINVAL;
  }
  return register_and_leave(pd, address, length, iova, (unsigned)access, fk_error, __func__);
}

struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *address, size_t length, uint64_t iova,
                                unsigned access) {
  FK_ENTER(ibv_reg_mr_iova2);
  return register_and_leave(pd, address, length, iova, access, fk_error, __func__);
}

struct ibv_mr *ibv_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova,
                                 int fd, int access) {
  FK_ENTER(ibv_reg_dmabuf_mr);
  (void)pd, (void)offset, (void)length, (void)iova, (void)fd, (void)access;
  return fk_leave_null(fk_error != 0 ? fk_error : EOPNOTSUPP);
}

int ibv_rereg_mr(struct ibv_mr *mr, int flags, struct ibv_pd *pd, void *address, size_t length,
                 int access) {
  FK_ENTER(ibv_rereg_mr);
  (void)mr, (void)flags, (void)pd, (void)address, (void)length, (void)access;
  errno = fk_error != 0 ? fk_error : EOPNOTSUPP;
  return fk_leave(IBV_REREG_MR_ERR_INPUT);
}

int ibv_dereg_mr(struct ibv_mr *ibv) {
  FK_ENTER(ibv_dereg_mr);
  struct fk_mr *mr = (struct fk_mr *)ibv;
  if (fk_error == 0 && !fk_alive(mr, &mr->magic, FK_MR, __func__)) {
    fk_error = EINVAL;
  }
  if (fk_error == 0) {
    for (struct fk_qp *qp = fk_qps; qp != NULL; qp = qp->next) {
      if (qp->undo != NULL && qp->undo_mr == mr) {
        fk_apply_undo(qp);
      }
    }
    mr->magic = FK_DEAD;
    ((struct fk_pd *)ibv->pd)->uses--;
    fk_died(FK_KIND_mr);
  }
  return fk_leave(fk_error);
}

/* ---- Asynchronous events ---------------------------------------------------------------------*/

void fk_put_async(struct fk_context *context, int type, void *element, int port_num) {
  struct fk_event *event = calloc(1, sizeof *event);
  event->subject = element;
  event->async.event_type = (enum ibv_event_type)type;
  if (element != NULL) {
    event->async.element.qp = element;
  } else {
    event->async.element.port_num = port_num;
  }
  fk_add(FK_STAT_async_events, 1);
  fk_queue_put(&context->async, event);
}

static bool is_about_qp(int type) {
  return type == IBV_EVENT_QP_FATAL || type == IBV_EVENT_QP_REQ_ERR ||
         type == IBV_EVENT_QP_ACCESS_ERR;
}

int ibv_get_async_event(struct ibv_context *context, struct ibv_async_event *event) {
  FK_ENTER(ibv_get_async_event);
  if (fk_error != 0 || !fk_is_open(context, __func__)) {
    return fk_leave_minus(fk_error != 0 ? fk_error : EINVAL);
  }
  struct fk_queue *queue = &fk_context_of(context)->async;
  fk_unlock();
  struct fk_event *taken = fk_queue_take(queue);
  if (taken == NULL) {
    return -1;
  }
  *event = taken->async;
  free(taken);
  fk_lock();
  if (is_about_qp((int)event->event_type)) {
    ((struct fk_qp *)event->element.qp)->async_unacked++;
  }
  return fk_leave(0);
}

void ibv_ack_async_event(struct ibv_async_event *event) {
  FK_ENTER(ibv_ack_async_event);
  (void)fk_error;
  if (is_about_qp((int)event->event_type)) {
    ((struct fk_qp *)event->element.qp)->async_unacked--;
  }
  fk_unlock();
}

int ibv_fork_init(void) { return 0; }

enum ibv_fork_status ibv_is_fork_initialized(void) { return IBV_FORK_UNNEEDED; }

const char *ibv_wc_status_str(enum ibv_wc_status status) {
  static const char *const texts[] = {
      [IBV_WC_SUCCESS] = "success",
      [IBV_WC_LOC_LEN_ERR] = "local length error",
      [IBV_WC_LOC_QP_OP_ERR] = "local QP operation error",
      [IBV_WC_LOC_PROT_ERR] = "local protection error",
      [IBV_WC_WR_FLUSH_ERR] = "Work Request Flushed Error",
      [IBV_WC_LOC_ACCESS_ERR] = "local access error",
      [IBV_WC_REM_INV_REQ_ERR] = "remote invalid request error",
      [IBV_WC_REM_ACCESS_ERR] = "remote access error",
      [IBV_WC_REM_OP_ERR] = "remote operation error",
      [IBV_WC_RETRY_EXC_ERR] = "transport retry counter exceeded",
      [IBV_WC_RNR_RETRY_EXC_ERR] = "RNR retry counter exceeded",
      [IBV_WC_FATAL_ERR] = "fatal error",
      [IBV_WC_GENERAL_ERR] = "general error",
  };
  const char *text =
      (unsigned)status < sizeof texts / sizeof texts[0] ? texts[(unsigned)status] : NULL;
  return text != NULL ? text : "unknown";
}

const char *ibv_event_type_str(enum ibv_event_type event) {
  static const char *const texts[] = {
      [IBV_EVENT_CQ_ERR] = "CQ error",
      [IBV_EVENT_QP_FATAL] = "local work queue catastrophic error",
      [IBV_EVENT_QP_REQ_ERR] = "invalid request local work queue error",
      [IBV_EVENT_QP_ACCESS_ERR] = "local access violation work queue error",
      [IBV_EVENT_DEVICE_FATAL] = "local catastrophic error",
      [IBV_EVENT_PORT_ACTIVE] = "port active",
      [IBV_EVENT_PORT_ERR] = "port error",
  };
  const char *text =
      (unsigned)event < sizeof texts / sizeof texts[0] ? texts[(unsigned)event] : NULL;
  return text != NULL ? text : "unknown";
}

const char *ibv_node_type_str(enum ibv_node_type type) {
  return type == IBV_NODE_CA ? "InfiniBand channel adapter" : "unknown";
}

const char *ibv_port_state_str(enum ibv_port_state state) {
  static const char *const texts[] = {"no state change (NOP)", "DOWN",   "INIT",
                                      "ARMED",                 "ACTIVE", "ACTIVE DEFER"};
  return (unsigned)state < sizeof texts / sizeof texts[0] ? texts[state] : "invalid state";
}
