/*
 * The lock protocol of a stripe under contention, on real verbs: a home that works on its own stripe
 * through a loopback queue pair, peers that reach it over the network or from another process of its
 * host, and hammers that send nothing but compare-and-swaps that cannot succeed (a stale peer does).
 *
 *   torture home DEVICE IPV4 PORT OTHERS SECONDS [--until-caught] [--home-cpu-cas] [--release-by-write]
 *   torture peer DEVICE IPV4 HOME_IPV4 PORT
 *   torture hammer DEVICE IPV4 HOME_IPV4 PORT
 *
 * The home waits for OTHERS connections of peers and hammers, lets everybody work for SECONDS, adds up
 * what they counted and prints it as one line of JSON. Its exit code is 0 when nothing was wrong, 2
 * when a violation was counted, and 1 when the test itself failed. --until-caught ends at the first
 * violation. The two last options plant a bug:
 *   --home-cpu-cas      the home changes its lock word by the processor's compare-and-swap
 *   --release-by-write  locks are released by an RDMA WRITE of the word
 *
 * A holder does what a communication agent does. It takes the lock with a target plane that is neither
 * current nor pinned. Mostly it releases at once, as after an exchange that found no partner; that makes
 * many releases. Otherwise it reads the pin again, reads the current plane and checks it, writes the
 * target plane in two pieces, and publishes or releases unchanged. What is counted:
 *   lostReleases  the releasing CAS found another word, or the word names a holder that has released
 *   doubleOwners  the owner word, which only holders write, changed under a holder
 *   tornPlanes    a plane that is not one stamp from end to end, read under the lock or under a pin
 *   versionGaps   a plane's version is not its word's, versions went back, or publishes do not add up
 */
#include "rc.h"

#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  PLANES = 3,
  PLANE_WORDS = 2048,        /* 16 KiB: several packets, so that tearing is possible */
  PLANE_BYTES = PLANE_WORDS * 8,
  PAGE_BYTES = 4096,
  CODE_OFFSET = 2048,
  X86_RETURN = 0xc3,
  HOME_RANK = 0,
  EPOCH = 7,
  MAX_OTHERS = 16,
  WORK_EVERY = 8,            /* one of so many holds reads and writes planes */
  UNCHANGED_EVERY = 4,       /* one of so many of those publishes nothing */
  HAMMER_BATCH = 8,          /* compare-and-swaps in flight of a hammer */
  SNAPSHOT_PAUSE_NS = 100000,
  HOME_POLL_NS = 1000000,
  SOCKET_LIMIT_S = 60,       /* beyond the length of the test */
  CONNECT_ATTEMPTS = 100,    /* of 50 ms */
  CONNECT_PAUSE_NS = 50000000,
  CAUGHT = 2
};

#define VERSION_MASK ((UINT64_C(1) << 28) - 1)
/* Versions wrap soon after the start. */
#define FIRST_VERSION (VERSION_MASK - 500)
/* The owner field of a word that nobody ever stores. */
#define IMPOSSIBLE_WORD (UINT64_C(0xffff) << 48)

/* One stripe's control line; peers may read it and change it by atomics. */
struct control {
  _Alignas(64) _Atomic uint64_t lock;
  _Alignas(64) _Atomic uint32_t pin; /* 0 = nothing, else plane + 1 */
  uint32_t quarantine;
  uint64_t unused[2];
  _Atomic uint64_t stop; /* of this test: everybody goes home */
};

/* What peers may read and write. */
struct data {
  _Alignas(PAGE_BYTES) _Atomic uint64_t owner; /* who holds the lock, written by holders only */
  _Alignas(64) _Atomic uint64_t incident;      /* set after the first violation */
  _Alignas(PAGE_BYTES) uint64_t planes[PLANES][PLANE_WORDS];
};

/* Where an operation gets its operands and leaves what it read. */
struct scratch {
  _Alignas(64) uint64_t old_word;
  _Alignas(64) uint64_t small;
  _Alignas(64) struct control line;
  uint64_t plane[PLANE_WORDS];
};

struct counts {
  uint64_t acquired, published, unchanged, retargeted, refused, snapshots;
  uint64_t lost_releases, double_owners, torn_planes, version_gaps;
};

enum kind { HOME, PEER, HAMMER };

struct options {
  uint32_t until_caught, home_cpu_cas, release_by_write;
};

/* First message from a peer or a hammer to the home. */
struct hello {
  struct rc_address address;
  uint32_t kind;
};

/* The home's answer; a single byte follows when all are connected. */
struct welcome {
  struct rc_address address;
  uint64_t control_address, data_address;
  uint32_t control_key, data_key;
  uint32_t rank, seconds;
  struct options options;
};

/* One that works on the stripe. The home's reaches its pin and its planes by load and store. */
struct actor {
  struct rc_queue queue;
  struct welcome home;
  struct scratch *scratch;
  uint32_t scratch_key;
  struct control *own_control;
  struct data *own_data;
  uint64_t last_version, sequence;
  struct counts counts;
};

/* The lock word: see the class LockWord. */
static int owner_of(uint64_t word) { return (int)(word >> 48) - 1; }
static int current_of(uint64_t word) { return (int)(word >> 30 & 3); }
static int target_of(uint64_t word) { return (int)(word >> 28 & 3); }
static uint64_t version_of(uint64_t word) { return word & VERSION_MASK; }
static uint64_t free_word(int current, uint64_t version) {
  return (uint64_t)current << 30 | (version & VERSION_MASK);
}
static uint64_t held_word(uint64_t word, uint32_t rank, int target) {
  return (uint64_t)(rank + 1) << 48 | (uint64_t)EPOCH << 32 |
         (word & (UINT64_C(3) << 30 | VERSION_MASK)) | (uint64_t)target << 28;
}
static uint64_t stamp_of(uint32_t rank, uint64_t version) {
  return (uint64_t)(rank + 1) << 48 | (version & VERSION_MASK);
}
static int free_plane(int current, int pinned) {
  int plane = 0;
  while (plane == current || plane == pinned) {
    plane++;
  }
  return plane;
}

static void pause_ns(long nanoseconds) {
  struct timespec time = {.tv_nsec = nanoseconds};
  nanosleep(&time, NULL);
}

/* --- operations, each from post to completion --- */

static void operate(struct actor *actor, struct ibv_send_wr *request, void *local, uint32_t bytes) {
  struct ibv_sge piece = {
      .addr = (uintptr_t)local, .length = bytes, .lkey = actor->scratch_key};
  request->sg_list = &piece;
  request->num_sge = 1;
  request->send_flags = IBV_SEND_SIGNALED;
  rc_post(&actor->queue, request);
  rc_await(&actor->queue);
}

static void read_remote(struct actor *actor, void *local, uint64_t from, uint32_t key,
                        uint32_t bytes) {
  struct ibv_send_wr request = {.opcode = IBV_WR_RDMA_READ,
                                .wr.rdma = {.remote_addr = from, .rkey = key}};
  operate(actor, &request, local, bytes);
}

static void write_remote(struct actor *actor, void *local, uint64_t to, uint32_t key,
                         uint32_t bytes) {
  struct ibv_send_wr request = {.opcode = IBV_WR_RDMA_WRITE,
                                .wr.rdma = {.remote_addr = to, .rkey = key}};
  operate(actor, &request, local, bytes);
}

/* Returns what was there. */
static uint64_t cas_lock(struct actor *actor, uint64_t expected, uint64_t desired) {
  if (actor->own_control && actor->home.options.home_cpu_cas) {
    atomic_compare_exchange_strong(&actor->own_control->lock, &expected, desired);
    return expected;
  }
  struct ibv_send_wr request = {
      .opcode = IBV_WR_ATOMIC_CMP_AND_SWP,
      .wr.atomic = {.remote_addr = actor->home.control_address + offsetof(struct control, lock),
                    .rkey = actor->home.control_key,
                    .compare_add = expected,
                    .swap = desired}};
  operate(actor, &request, &actor->scratch->old_word, sizeof actor->scratch->old_word);
  return actor->scratch->old_word;
}

/* The planted bug of a release by WRITE cannot see what it overwrites, so it reports success. */
static uint64_t release_lock(struct actor *actor, uint64_t held, uint64_t desired) {
  if (actor->home.options.release_by_write) {
    actor->scratch->small = desired;
    write_remote(actor, &actor->scratch->small,
                 actor->home.control_address + offsetof(struct control, lock),
                 actor->home.control_key, sizeof actor->scratch->small);
    return held;
  }
  return cas_lock(actor, held, desired);
}

/* To the home a load is as good: the word may change at once in any case. */
static void read_line(struct actor *actor) {
  if (actor->own_control) {
    actor->scratch->line.lock = actor->own_control->lock;
    actor->scratch->line.pin = actor->own_control->pin;
    actor->scratch->line.stop = actor->own_control->stop;
    return;
  }
  read_remote(actor, &actor->scratch->line, actor->home.control_address, actor->home.control_key,
              sizeof actor->scratch->line);
}

static int read_pin(struct actor *actor) {
  if (actor->own_control) {
    return (int)atomic_load(&actor->own_control->pin) - 1;
  }
  read_remote(actor, &actor->scratch->small,
              actor->home.control_address + offsetof(struct control, pin), actor->home.control_key,
              sizeof actor->scratch->small);
  return (int)(uint32_t)actor->scratch->small - 1;
}

static uint64_t read_owner(struct actor *actor) {
  if (actor->own_data) {
    return atomic_load(&actor->own_data->owner);
  }
  read_remote(actor, &actor->scratch->small, actor->home.data_address + offsetof(struct data, owner),
              actor->home.data_key, sizeof actor->scratch->small);
  return actor->scratch->small;
}

static void write_data_word(struct actor *actor, size_t offset, uint64_t value) {
  if (actor->own_data) {
    atomic_store((_Atomic uint64_t *)((char *)actor->own_data + offset), value);
    return;
  }
  actor->scratch->small = value;
  write_remote(actor, &actor->scratch->small, actor->home.data_address + offset,
               actor->home.data_key, sizeof actor->scratch->small);
}

static uint64_t plane_offset(int plane) {
  return offsetof(struct data, planes) + (uint64_t)plane * PLANE_BYTES;
}

static const uint64_t *read_plane(struct actor *actor, int plane) {
  if (actor->own_data) {
    return actor->own_data->planes[plane];
  }
  read_remote(actor, actor->scratch->plane, actor->home.data_address + plane_offset(plane),
              actor->home.data_key, PLANE_BYTES);
  return actor->scratch->plane;
}

static void write_plane(struct actor *actor, int plane, uint64_t stamp) {
  uint64_t *local = actor->own_data ? actor->own_data->planes[plane] : actor->scratch->plane;
  for (int i = 0; i < PLANE_WORDS; i++) {
    ((volatile uint64_t *)local)[i] = stamp;
  }
  if (actor->own_data) {
    return;
  }
  struct ibv_sge pieces[2];
  struct ibv_send_wr requests[2];
  for (uint32_t i = 0; i < 2; i++) {
    uint32_t at = i * (PLANE_BYTES / 2);
    pieces[i] = (struct ibv_sge){.addr = (uintptr_t)local + at,
                                 .length = PLANE_BYTES / 2,
                                 .lkey = actor->scratch_key};
    requests[i] = (struct ibv_send_wr){
        .opcode = IBV_WR_RDMA_WRITE,
        .sg_list = &pieces[i],
        .num_sge = 1,
        .wr.rdma = {.remote_addr = actor->home.data_address + plane_offset(plane) + at,
                    .rkey = actor->home.data_key}};
  }
  requests[0].next = &requests[1];
  requests[1].send_flags = IBV_SEND_SIGNALED;
  rc_post(&actor->queue, requests);
  rc_await(&actor->queue);
}

/* --- what is checked --- */

static void violation(struct actor *actor, uint64_t *count, const char *what, uint64_t found,
                      uint64_t expected) {
  if (++*count == 1) {
    fprintf(stderr, "rank %u: %s: found %016llx, expected %016llx, after %llu holds\n",
            actor->home.rank, what, (unsigned long long)found, (unsigned long long)expected,
            (unsigned long long)actor->counts.acquired);
  }
  if (actor->home.options.until_caught) {
    write_data_word(actor, offsetof(struct data, incident), 1);
  }
}

static int is_torn(const uint64_t *plane) {
  for (int i = 1; i < PLANE_WORDS; i++) {
    if (((const volatile uint64_t *)plane)[i] != ((const volatile uint64_t *)plane)[0]) {
      return 1;
    }
  }
  return 0;
}

static void check_plane(struct actor *actor, const uint64_t *plane, uint64_t version) {
  if (is_torn(plane)) {
    violation(actor, &actor->counts.torn_planes, "a torn plane", plane[PLANE_WORDS - 1], plane[0]);
  } else if ((plane[0] & VERSION_MASK) != version) {
    violation(actor, &actor->counts.version_gaps, "a plane of another version", plane[0], version);
  }
}

/* Versions that one sees only rise; the word's 28 bits wrap. */
static void check_version(struct actor *actor, uint64_t version) {
  if (((version - actor->last_version) & VERSION_MASK) > VERSION_MASK / 2) {
    violation(actor, &actor->counts.version_gaps, "versions went back", version,
              actor->last_version);
  }
  actor->last_version = version;
}

static void expect_owner(struct actor *actor, uint64_t expected, const char *what) {
  uint64_t owner = read_owner(actor);
  if (owner != expected) {
    violation(actor, &actor->counts.double_owners, what, owner, expected);
  }
}

/* --- one hold --- */

static int release(struct actor *actor, uint64_t held, uint64_t desired) {
  uint64_t found = release_lock(actor, held, desired);
  if (found != held) {
    violation(actor, &actor->counts.lost_releases, "a release found another word", found, held);
  }
  return found == held;
}

static void publish(struct actor *actor, uint64_t held) {
  uint64_t version = version_of(held) + 1;
  if (release(actor, held, free_word(target_of(held), version))) {
    actor->counts.published++;
    actor->last_version = version & VERSION_MASK;
  }
}

static void release_unchanged(struct actor *actor, uint64_t held) {
  if (release(actor, held, free_word(current_of(held), version_of(held)))) {
    actor->counts.unchanged++;
  }
}

/* Moves the target away from a pin that was set while the lock was being taken. */
static uint64_t avoid_pin(struct actor *actor, uint64_t held) {
  int pinned = read_pin(actor);
  if (pinned != target_of(held)) {
    return held;
  }
  uint64_t moved = held_word(held, actor->home.rank, free_plane(current_of(held), pinned));
  uint64_t found = cas_lock(actor, held, moved);
  if (found != held) {
    violation(actor, &actor->counts.lost_releases, "a held word changed", found, held);
    return 0;
  }
  actor->counts.retargeted++;
  return moved;
}

static void work(struct actor *actor, uint64_t held) {
  uint64_t version = version_of(held);
  uint64_t tag = (uint64_t)(actor->home.rank + 1) << 48 | ++actor->sequence;
  int publishing = actor->sequence % UNCHANGED_EVERY != 0;
  expect_owner(actor, 0, "another one holds the lock that was just taken");
  write_data_word(actor, offsetof(struct data, owner), tag);
  check_plane(actor, read_plane(actor, current_of(held)), version);
  check_version(actor, version);
  if (publishing) {
    write_plane(actor, target_of(held), stamp_of(actor->home.rank, version + 1));
  }
  expect_owner(actor, tag, "another one took the lock from under its holder");
  write_data_word(actor, offsetof(struct data, owner), 0);
  if (publishing) {
    publish(actor, held);
  } else {
    release_unchanged(actor, held);
  }
}

/* The word names this actor though it has released: the release was undone. */
static void recover(struct actor *actor, uint64_t word) {
  violation(actor, &actor->counts.lost_releases, "the word names a holder that has released", word,
            free_word(current_of(word), version_of(word)));
  cas_lock(actor, word, free_word(current_of(word), version_of(word)));
}

static int try_once(struct actor *actor) {
  read_line(actor);
  uint64_t word = atomic_load(&actor->scratch->line.lock);
  if (atomic_load(&actor->scratch->line.stop)) {
    return 0;
  }
  if (owner_of(word) == (int)actor->home.rank) {
    recover(actor, word);
  } else if (owner_of(word) == -1) {
    int pinned = (int)atomic_load(&actor->scratch->line.pin) - 1;
    uint64_t held = held_word(word, actor->home.rank, free_plane(current_of(word), pinned));
    if (cas_lock(actor, word, held) != word) {
      actor->counts.refused++;
    } else if (++actor->counts.acquired % WORK_EVERY != 0) {
      release_unchanged(actor, held);
    } else {
      held = avoid_pin(actor, held);
      if (held) {
        work(actor, held);
      }
    }
  }
  return 1;
}

/* Works until the home says stop, which must not take longer than the limit. */
static void run_actor(struct actor *actor) {
  uint64_t limit = now_ns() + (actor->home.seconds + SOCKET_LIMIT_S) * 1000000000ull;
  actor->last_version = FIRST_VERSION;
  while (try_once(actor)) {
    if (now_ns() > limit) {
      die("rank %u: the home did not stop the test in time", actor->home.rank);
    }
  }
}

static void run_hammer(struct actor *actor) {
  struct ibv_sge pieces[HAMMER_BATCH];
  struct ibv_send_wr requests[HAMMER_BATCH];
  for (int i = 0; i < HAMMER_BATCH; i++) {
    pieces[i] = (struct ibv_sge){
        .addr = (uintptr_t)&actor->scratch->plane[i], .length = 8, .lkey = actor->scratch_key};
    requests[i] = (struct ibv_send_wr){
        .opcode = IBV_WR_ATOMIC_CMP_AND_SWP,
        .send_flags = IBV_SEND_SIGNALED,
        .sg_list = &pieces[i],
        .num_sge = 1,
        .next = i + 1 < HAMMER_BATCH ? &requests[i + 1] : NULL,
        .wr.atomic = {.remote_addr = actor->home.control_address + offsetof(struct control, lock),
                      .rkey = actor->home.control_key,
                      .compare_add = IMPOSSIBLE_WORD,
                      .swap = IMPOSSIBLE_WORD}};
  }
  do {
    rc_post(&actor->queue, requests);
    for (int i = 0; i < HAMMER_BATCH; i++) {
      rc_await(&actor->queue);
    }
    actor->counts.refused += HAMMER_BATCH;
    read_line(actor);
  } while (!atomic_load(&actor->scratch->line.stop));
}

/* --- the connection between a peer and its home --- */

static void transfer(int socket, void *message, size_t bytes, int sending) {
  for (size_t done = 0; done < bytes;) {
    ssize_t count = sending ? send(socket, (char *)message + done, bytes - done, MSG_NOSIGNAL)
                            : recv(socket, (char *)message + done, bytes - done, 0);
    if (count <= 0) {
      die("the other side of the test is gone or silent: %s",
          count ? strerror(errno) : "end of stream");
    }
    done += (size_t)count;
  }
}

static void limit_waits(int socket, unsigned seconds) {
  struct timeval limit = {.tv_sec = seconds};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

static int dial(const char *address, int port) {
  struct sockaddr_in home = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, address, &home.sin_addr);
  for (int attempt = 0; attempt < CONNECT_ATTEMPTS; attempt++) {
    int socket_ = socket(AF_INET, SOCK_STREAM, 0);
    if (!connect(socket_, (struct sockaddr *)&home, sizeof home)) {
      return socket_;
    }
    close(socket_);
    pause_ns(CONNECT_PAUSE_NS);
  }
  die("the home at %s:%d does not answer: %s", address, port, strerror(errno));
  return -1;
}

static int listen_at(int port) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&any, sizeof any) || listen(listener, MAX_OTHERS)) {
    die("port %d cannot be listened at: %s", port, strerror(errno));
  }
  limit_waits(listener, SOCKET_LIMIT_S);
  return listener;
}

static void *zeroed(size_t bytes) {
  size_t rounded = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
  void *memory = aligned_alloc(PAGE_BYTES, rounded);
  if (!memory) {
    die("no memory");
  }
  return memset(memory, 0, rounded);
}

static void prepare_actor(struct actor *actor, const struct rc_device *device) {
  actor->queue = rc_create(device);
  actor->scratch = zeroed(sizeof *actor->scratch);
  actor->scratch_key = rc_register(device, actor->scratch, sizeof *actor->scratch, 0)->lkey;
}

static int run_other(enum kind kind, char **arguments) {
  struct rc_device device = rc_open(arguments[0], arguments[1]);
  struct actor actor = {0};
  char go;
  prepare_actor(&actor, &device);
  int socket = dial(arguments[2], atoi(arguments[3]));
  limit_waits(socket, SOCKET_LIMIT_S);
  struct hello hello = {.address = rc_address_of(&device, &actor.queue), .kind = kind};
  transfer(socket, &hello, sizeof hello, 1);
  transfer(socket, &actor.home, sizeof actor.home, 0);
  rc_connect(&device, &actor.queue, actor.home.address);
  transfer(socket, &go, sizeof go, 1); /* ready */
  transfer(socket, &go, sizeof go, 0);
  if (kind == PEER) {
    run_actor(&actor);
  } else {
    run_hammer(&actor);
  }
  transfer(socket, &actor.counts, sizeof actor.counts, 1);
  close(socket);
  return 0;
}

/* --- the home --- */

struct home {
  struct rc_device device;
  struct control *control;
  struct data *data;
  struct welcome welcome; /* but for the connection's own fields */
  struct actor actor;
  struct rc_queue loopback;
  int sockets[MAX_OTHERS];
  struct rc_queue queues[MAX_OTHERS];
  uint32_t others;
  struct counts snapshots;
};

/*
 * The page of the control line holds a bit of code too. When code of a page has run, QEMU's emulation
 * takes a long way for every store to that page. So the time between the load and the store of a
 * soft-RoCE atomic grows from some nanoseconds to a microsecond, and what could go wrong in between
 * does so in seconds instead of minutes. On hardware this changes nothing.
 */
static void run_code_beside(struct control *control) {
  void (*code)(void) = (void (*)(void))((char *)control + CODE_OFFSET);
  code();
}

static struct control *control_page(void) {
  char *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) {
    die("the control line cannot be mapped: %s", strerror(errno));
  }
  page[CODE_OFFSET] = (char)X86_RETURN;
  return (struct control *)page;
}

static void expose(struct home *home) {
  home->control = control_page();
  home->data = zeroed(sizeof *home->data);
  int access = IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_ATOMIC;
  if (home->welcome.options.release_by_write) {
    access |= IBV_ACCESS_REMOTE_WRITE;
  }
  struct ibv_mr *control =
      rc_register(&home->device, home->control, sizeof *home->control, access);
  struct ibv_mr *data = rc_register(&home->device, home->data, sizeof *home->data,
                                    IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE);
  home->welcome.control_address = (uintptr_t)home->control;
  home->welcome.control_key = control->rkey;
  home->welcome.data_address = (uintptr_t)home->data;
  home->welcome.data_key = data->rkey;
  atomic_store(&home->control->lock, free_word(0, FIRST_VERSION));
  for (int i = 0; i < PLANE_WORDS; i++) {
    home->data->planes[0][i] = stamp_of(HOME_RANK, FIRST_VERSION);
  }
}

static void connect_loopback(struct home *home) {
  prepare_actor(&home->actor, &home->device);
  home->loopback = rc_create(&home->device);
  rc_connect(&home->device, &home->actor.queue, rc_address_of(&home->device, &home->loopback));
  rc_connect(&home->device, &home->loopback, rc_address_of(&home->device, &home->actor.queue));
  home->actor.home = home->welcome;
  home->actor.home.rank = HOME_RANK;
  home->actor.own_control = home->control;
  home->actor.own_data = home->data;
}

static void accept_others(struct home *home, int port) {
  int listener = listen_at(port);
  for (uint32_t i = 0; i < home->others; i++) {
    int socket = accept(listener, NULL, NULL);
    if (socket < 0) {
      die("only %u of %u others came: %s", i, home->others, strerror(errno));
    }
    limit_waits(socket, home->welcome.seconds + SOCKET_LIMIT_S);
    struct hello hello;
    transfer(socket, &hello, sizeof hello, 0);
    home->queues[i] = rc_create(&home->device);
    rc_connect(&home->device, &home->queues[i], hello.address);
    struct welcome welcome = home->welcome;
    welcome.address = rc_address_of(&home->device, &home->queues[i]);
    welcome.rank = HOME_RANK + 1 + i;
    transfer(socket, &welcome, sizeof welcome, 1);
    home->sockets[i] = socket;
  }
  close(listener);
  char go = 1;
  for (uint32_t i = 0; i < home->others; i++) {
    transfer(home->sockets[i], &go, sizeof go, 0);
  }
  for (uint32_t i = 0; i < home->others; i++) {
    transfer(home->sockets[i], &go, sizeof go, 1);
  }
}

static void *home_actor(void *argument) {
  run_actor(argument);
  return NULL;
}

static void check_snapshot(struct home *home, uint64_t word) {
  const uint64_t *plane = home->data->planes[current_of(word)];
  int torn = is_torn(plane), gap = (plane[0] & VERSION_MASK) != version_of(word);
  home->snapshots.snapshots++;
  home->snapshots.torn_planes += (uint64_t)torn;
  home->snapshots.version_gaps += (uint64_t)(!torn && gap);
  if ((torn || gap) && home->welcome.options.until_caught) {
    atomic_store(&home->data->incident, 1);
  }
}

/* Pins the current plane; returns the word that confirmed it. The pauses stand for a thread that loses
 * its processor, so that a pin may come late and meet a target. */
static uint64_t pin_current(struct home *home) {
  uint64_t word = atomic_load(&home->control->lock), before;
  pause_ns(SNAPSHOT_PAUSE_NS);
  do {
    before = word;
    atomic_store(&home->control->pin, (uint32_t)current_of(word) + 1); /* with a full fence */
    pause_ns(SNAPSHOT_PAUSE_NS);
    word = atomic_load(&home->control->lock);
  } while (current_of(word) != current_of(before));
  return word;
}

/* The compute side: pins the current plane, reads it twice without the lock, unpins it. */
static void *take_snapshots(void *argument) {
  struct home *home = argument;
  while (!atomic_load(&home->control->stop)) {
    uint64_t word = pin_current(home);
    check_snapshot(home, word);
    pause_ns(SNAPSHOT_PAUSE_NS);
    check_snapshot(home, word);
    run_code_beside(home->control);
    atomic_store(&home->control->pin, 0);
    pause_ns(SNAPSHOT_PAUSE_NS);
  }
  return NULL;
}

static void add(struct counts *sum, const struct counts *counts) {
  for (size_t i = 0; i < sizeof *sum / sizeof(uint64_t); i++) {
    ((uint64_t *)sum)[i] += ((const uint64_t *)counts)[i];
  }
}

static void collect(struct home *home, struct counts *sum, pthread_t actor, pthread_t snapshots) {
  pthread_join(actor, NULL);
  pthread_join(snapshots, NULL);
  add(sum, &home->actor.counts);
  add(sum, &home->snapshots);
  for (uint32_t i = 0; i < home->others; i++) {
    struct counts counts;
    transfer(home->sockets[i], &counts, sizeof counts, 0);
    close(home->sockets[i]);
    add(sum, &counts);
  }
}

/* After all have gone the stripe is free, whole, and as many versions on as were published. */
static void check_end(struct home *home, struct counts *sum) {
  uint64_t word = atomic_load(&home->control->lock);
  struct actor judge = {.home = {.rank = HOME_RANK}};
  if (owner_of(word) != -1) {
    violation(&judge, &judge.counts.lost_releases, "the lock is held though all have gone", word, 0);
  }
  if (version_of(word) != ((FIRST_VERSION + sum->published) & VERSION_MASK)) {
    violation(&judge, &judge.counts.version_gaps, "publishes do not add up", version_of(word),
              (FIRST_VERSION + sum->published) & VERSION_MASK);
  }
  check_plane(&judge, home->data->planes[current_of(word)], version_of(word));
  add(sum, &judge.counts);
}

static int report(const struct counts *sum, double seconds) {
  printf("{\"seconds\": %.1f, \"acquired\": %llu, \"published\": %llu, \"unchanged\": %llu, "
         "\"retargeted\": %llu, \"refused\": %llu, \"snapshots\": %llu, \"lostReleases\": %llu, "
         "\"doubleOwners\": %llu, \"tornPlanes\": %llu, \"versionGaps\": %llu}\n",
         seconds, (unsigned long long)sum->acquired, (unsigned long long)sum->published,
         (unsigned long long)sum->unchanged, (unsigned long long)sum->retargeted,
         (unsigned long long)sum->refused, (unsigned long long)sum->snapshots,
         (unsigned long long)sum->lost_releases, (unsigned long long)sum->double_owners,
         (unsigned long long)sum->torn_planes, (unsigned long long)sum->version_gaps);
  return sum->lost_releases || sum->double_owners || sum->torn_planes || sum->version_gaps ? CAUGHT
                                                                                           : 0;
}

static int run_home(struct home *home, const char *device, const char *address, int port) {
  pthread_t actor, snapshots;
  home->device = rc_open(device, address);
  expose(home);
  connect_loopback(home);
  accept_others(home, port);
  uint64_t start = now_ns();
  if (pthread_create(&actor, NULL, home_actor, &home->actor) ||
      pthread_create(&snapshots, NULL, take_snapshots, home)) {
    die("a thread cannot be started");
  }
  while (now_ns() - start < home->welcome.seconds * 1000000000ull &&
         !atomic_load(&home->data->incident)) {
    pause_ns(HOME_POLL_NS);
  }
  double seconds = (double)(now_ns() - start) * 1e-9;
  atomic_store(&home->control->stop, 1);
  struct counts sum = {0};
  collect(home, &sum, actor, snapshots);
  check_end(home, &sum);
  return report(&sum, seconds);
}

static int usage(void) {
  die("usage: torture home DEVICE IPV4 PORT OTHERS SECONDS [--until-caught] [--home-cpu-cas] "
      "[--release-by-write] | torture peer|hammer DEVICE IPV4 HOME_IPV4 PORT");
  return 1;
}

int main(int count, char **arguments) {
  if (count == 6 && !strcmp(arguments[1], "peer")) {
    return run_other(PEER, arguments + 2);
  }
  if (count == 6 && !strcmp(arguments[1], "hammer")) {
    return run_other(HAMMER, arguments + 2);
  }
  if (count < 7 || strcmp(arguments[1], "home")) {
    return usage();
  }
  static struct home home;
  home.others = (uint32_t)atoi(arguments[5]);
  home.welcome.seconds = (uint32_t)atoi(arguments[6]);
  for (int i = 7; i < count; i++) {
    struct options *options = &home.welcome.options;
    if (!strcmp(arguments[i], "--until-caught")) {
      options->until_caught = 1;
    } else if (!strcmp(arguments[i], "--home-cpu-cas")) {
      options->home_cpu_cas = 1;
    } else if (!strcmp(arguments[i], "--release-by-write")) {
      options->release_by_write = 1;
    } else {
      return usage();
    }
  }
  if (home.others > MAX_OTHERS || home.welcome.seconds < 1) {
    return usage();
  }
  return run_home(&home, arguments[2], arguments[3], atoi(arguments[4]));
}
