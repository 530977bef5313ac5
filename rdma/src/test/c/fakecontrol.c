/* The lock, event queues, counters and faults of the fake: see fakeverbs.h. */
#define _GNU_SOURCE
#include "fakeverbs.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define FAULTS 16
#define TEXT_BYTES 65536

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static const char *const function_names[] = {
#define FK_NAME(name) #name,
    FK_FUNCTIONS(FK_NAME)
#undef FK_NAME
};

static const char *const kind_names[] = {
#define FK_NAME(name) #name,
    FK_KINDS(FK_NAME)
#undef FK_NAME
};

static const char *const stat_names[] = {
#define FK_NAME(name) #name,
    FK_STATS(FK_NAME)
#undef FK_NAME
};

struct fault {
  int function; /* -1: unused */
  int nth;
  int err;
};

volatile int fk_noop_on;
int fk_quirks;
long fk_call_counts[FK_FUNCTION_COUNT];
static long live[FK_KIND_COUNT];
static long stats[FK_STAT_COUNT];
static struct fault faults[FAULTS] = {[0 ... FAULTS - 1] = {-1, 0, 0}};
static int delay_polls, jitter_polls;
static uint64_t random_state;
static char ends[TEXT_BYTES], misuses[TEXT_BYTES];

void fk_lock(void) { pthread_mutex_lock(&mutex); }

void fk_unlock(void) { pthread_mutex_unlock(&mutex); }

int fk_enter(enum fk_function function) {
  fk_call_counts[function]++;
  int err = 0;
  for (int i = 0; i < FAULTS; i++) {
    if (faults[i].function == (int)function && --faults[i].nth == 0) {
      faults[i].function = -1;
      err = faults[i].err;
    }
  }
  return err;
}

int fk_leave(int error) {
  fk_unlock();
  return error;
}

void *fk_leave_null(int error) {
  fk_unlock();
  errno = error;
  return NULL;
}

int fk_leave_minus(int error) {
  fk_unlock();
  if (error == 0) {
    return 0;
  }
  errno = error;
  return -1;
}

static void append(char *text, const char *separator, const char *more) {
  size_t used = strlen(text);
  snprintf(text + used, TEXT_BYTES - used, "%s%s", used == 0 ? "" : separator, more);
}

void fk_note(const char *word) { append(ends, ",", word); }

void fk_born(enum fk_kind kind) { live[kind]++; }

void fk_died(enum fk_kind kind) {
  live[kind]--;
  if (kind != FK_KIND_device_list) {
    fk_note(kind_names[kind]);
  }
}

void fk_add(enum fk_stat stat, long value) { stats[stat] += value; }

void fk_raise_to(enum fk_stat stat, long value) {
  if (stats[stat] < value) {
    stats[stat] = value;
  }
}

void fk_misuse(const char *format, ...) {
  char sentence[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(sentence, sizeof sentence, format, arguments);
  va_end(arguments);
  append(misuses, "\n", sentence);
  fk_add(FK_STAT_misuses, 1);
}

bool fk_alive(const void *object, const uint32_t *magic, uint32_t expected, const char *function) {
  if (object == NULL) {
    fk_misuse("%s was called with NULL", function);
    return false;
  }
  if (*magic != expected) {
    fk_misuse("%s was called with %p, which is %s", function, object,
              *magic == FK_DEAD ? "destroyed" : "no object of that kind");
    return false;
  }
  return true;
}

/* ---- Event queues ----------------------------------------------------------------------------*/

int fk_queue_open(struct fk_queue *queue) {
  queue->first = NULL;
  queue->fd = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
  return queue->fd < 0 ? errno : 0;
}

void fk_queue_close(struct fk_queue *queue) {
  fk_queue_drop(queue, NULL);
  close(queue->fd);
  queue->fd = -1;
}

void fk_queue_put(struct fk_queue *queue, struct fk_event *event) {
  struct fk_event **last = &queue->first;
  while (*last != NULL) {
    last = &(*last)->next;
  }
  event->next = NULL;
  *last = event;
  uint64_t one = 1;
  if (write(queue->fd, &one, sizeof one) != sizeof one) {
    fk_misuse("an event queue has a descriptor that cannot be written: errno %d", errno);
  }
}

/* Leaves the descriptor readable: whoever reads it finds nothing and waits on. */
void fk_queue_drop(struct fk_queue *queue, const void *subject) {
  struct fk_event **link = &queue->first;
  while (*link != NULL) {
    struct fk_event *event = *link;
    if (subject == NULL || event->subject == subject) {
      *link = event->next;
      free(event->cm);
      free(event);
    } else {
      link = &event->next;
    }
  }
}

struct fk_event *fk_queue_take(struct fk_queue *queue) {
  for (;;) {
    uint64_t one;
    if (read(queue->fd, &one, sizeof one) != sizeof one) {
      return NULL;
    }
    fk_lock();
    struct fk_event *event = queue->first;
    if (event != NULL) {
      queue->first = event->next;
    }
    fk_unlock();
    if (event != NULL) {
      return event;
    }
  }
}

/* ---- What tests call -------------------------------------------------------------------------*/

static int find(const char *const *names, int count, const char *name) {
  for (int i = 0; i < count; i++) {
    if (strcmp(names[i], name) == 0) {
      return i;
    }
  }
  return -1;
}

static long total_live(void) {
  long sum = 0;
  for (int kind = 0; kind < FK_KIND_COUNT; kind++) {
    sum += live[kind];
  }
  return sum;
}

long fake_reset(void) {
  fk_lock();
  for (int i = 0; i < FAULTS; i++) {
    faults[i].function = -1;
  }
  fk_noop_on = fk_quirks = delay_polls = jitter_polls = 0;
  memset(fk_call_counts, 0, sizeof fk_call_counts);
  memset(stats, 0, sizeof stats);
  ends[0] = misuses[0] = 0;
  fk_device_count = FK_DEVICES;
  fk_reset_devices();
  for (struct fk_qp *qp = fk_qps; qp != NULL; qp = qp->next) {
    qp->delay = -1;
    qp->muted = qp->drop_reply = false;
    qp->fail_nth = 0;
  }
  long left = total_live();
  fk_unlock();
  return left;
}

void fake_set_device_count(int count) {
  fk_lock();
  fk_device_count = count < 0 ? 0 : count > FK_DEVICES ? FK_DEVICES : count;
  fk_unlock();
}

void fake_set_delay(int polls) {
  fk_lock();
  delay_polls = polls;
  fk_unlock();
}

void fake_set_jitter(int max_polls, uint64_t seed) {
  fk_lock();
  jitter_polls = max_polls;
  random_state = seed;
  fk_unlock();
}

/* SplitMix64. */
static uint64_t next_random(void) {
  uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

uint64_t fk_delay_of(struct fk_qp *qp) {
  uint64_t polls = (uint64_t)(qp->delay >= 0 ? qp->delay : delay_polls);
  return jitter_polls > 0 ? polls + next_random() % ((uint64_t)jitter_polls + 1) : polls;
}

void fake_set_quirks(int bits) {
  fk_lock();
  fk_quirks = bits;
  fk_unlock();
}

void fake_noop(int on) {
  fk_lock();
  fk_noop_on = on;
  fk_unlock();
}

int fake_fail(const char *function, int nth, int err) {
  int index = find(function_names, FK_FUNCTION_COUNT, function);
  if (index < 0) {
    return -1;
  }
  fk_lock();
  int result = -2;
  for (int i = 0; i < FAULTS; i++) {
    if (faults[i].function < 0) {
      faults[i] = (struct fault){index, nth, err};
      result = 0;
      break;
    }
  }
  fk_unlock();
  return result;
}

/* The queue pair of that number with the lock held, or NULL without it. */
static struct fk_qp *lock_qp(uint32_t qp_num) {
  fk_lock();
  struct fk_qp *qp = fk_find_qp(qp_num);
  if (qp == NULL) {
    fk_unlock();
  }
  return qp;
}

int fake_set_qp_delay(uint32_t qp_num, int polls) {
  struct fk_qp *qp = lock_qp(qp_num);
  if (qp == NULL) {
    return -1;
  }
  qp->delay = polls;
  return fk_leave(0);
}

int fake_kill_qp(uint32_t qp_num) {
  struct fk_qp *qp = lock_qp(qp_num);
  if (qp == NULL) {
    return -1;
  }
  fk_qp_to_error(qp);
  fk_put_async(fk_context_of(qp->ibv.context), IBV_EVENT_QP_FATAL, qp, 0);
  return fk_leave(0);
}

int fake_mute(uint32_t qp_num, int on) {
  struct fk_qp *qp = lock_qp(qp_num);
  if (qp == NULL) {
    return -1;
  }
  qp->muted = on != 0;
  fk_progress(qp);
  return fk_leave(0);
}

int fake_drop_reply(uint32_t qp_num) {
  struct fk_qp *qp = lock_qp(qp_num);
  if (qp == NULL) {
    return -1;
  }
  qp->drop_reply = true;
  return fk_leave(0);
}

int fake_fail_request(uint32_t qp_num, int nth, int status) {
  struct fk_qp *qp = lock_qp(qp_num);
  if (qp == NULL) {
    return -1;
  }
  qp->fail_nth = nth;
  qp->fail_status = status;
  return fk_leave(0);
}

void fake_async_event(int device, int event_type, int port_num) {
  fk_lock();
  for (struct fk_context *context = fk_contexts; context != NULL; context = context->next) {
    if (context->device == &fk_devices[device]) {
      fk_put_async(context, event_type, NULL, port_num);
    }
  }
  fk_unlock();
}

long fake_live(const char *kind) {
  char singular[32];
  snprintf(singular, sizeof singular, "%s", kind);
  size_t length = strlen(singular);
  if (length > 0 && singular[length - 1] == 's') {
    singular[length - 1] = 0;
  }
  int index = find(kind_names, FK_KIND_COUNT, singular);
  fk_lock();
  long count = strcmp(kind, "all") == 0 ? total_live() : index < 0 ? -1 : live[index];
  fk_unlock();
  return count;
}

long fake_calls(const char *function) {
  int index = find(function_names, FK_FUNCTION_COUNT, function);
  fk_lock();
  long count = index < 0 ? -1 : fk_call_counts[index];
  fk_unlock();
  return count;
}

long fake_stat(const char *name) {
  int index = find(stat_names, FK_STAT_COUNT, name);
  fk_lock();
  long value = index < 0 ? -1 : stats[index];
  fk_unlock();
  return value;
}

const char *fake_log(void) { return ends; }

const char *fake_misuse(void) { return misuses; }
