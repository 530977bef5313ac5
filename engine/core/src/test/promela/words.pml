/*
 * Words and planes of the three replicas, and the ghosts that the checks use. Part of stripe.pml.
 *
 * A half of a plane holds 0 (torn, stale, or never written), or the writer + 1 in bits 3 to 5 and
 * the set of gradients in it in bits 0 to 2. Writing the first half of a plane spoils the second,
 * and a plane that stops being current or pinned is spoiled at once: both make the checks stricter,
 * since a reader that should not look there finds it torn.
 */

/* ---- words --------------------------------------------------------------------------------- */

#define WORKERS 3
#define NO_PLANE 7
#define INITIAL (WORKERS + 1 << 3) /* the half of a plane that nobody has published to */

/* lock word: [11:10] epoch, [9:8] owner + 1, [7:6] current, [5:4] target, [3:0] version */
#define HOLDER(x) ((x) >> 8 & 3)
#define CURRENT(x) ((x) >> 6 & 3)
#define TARGET(x) ((x) >> 4 & 3)
#define VERSION(x) ((x) & 15)
#define FREE(x) (HOLDER(x) == 0)
#define FREE_WORD(current, version) ((current) << 6 | (version) & 15)
#define ACQUIRE(x, epoch, me, t) ((epoch) << 10 | (me) + 1 << 8 | (x) | (t) << 4)
#define RETARGET(x, t) ((x) & ~(3 << 4) | (t) << 4)
#define RELEASE(x) FREE_WORD(CURRENT(x), VERSION(x))
#define PUBLISH(x) FREE_WORD(TARGET(x), VERSION(x) + 1)
#define FENCE(x) FREE_WORD(CURRENT(x), VERSION(x) + 1)
#define EPOCH_OF(x) ((x) >> 10 & 3)

short lock[WORKERS];
/* guard word: the pin (0 = none, else plane + 1) and the quarantine mask are loaded together */
byte pin[WORKERS];
byte mask[WORKERS];
/* planes: two halves each */
byte first[12];
byte second[12];
#define AT(r, plane) ((r) * 4 + (plane))

/* taken planes of a guard word; bit 4: the fourth plane may be used */
#define TAKEN(r) (mask[r] | (1 << pin[r]) >> 1 | (mask[r] != 0) << 4)
#define LOWEST(taken, four) \
  (!((taken) & 1) -> 0 : (!((taken) & 2) -> 1 : (!((taken) & 4) -> 2 : \
      ((four) && !((taken) & 8) -> 3 : NO_PLANE))))
#define FREE_PLANE(taken, x) LOWEST((taken) | 1 << CURRENT(x), (taken) & 16)
#define GUARDED(r, plane) (pin[r] == (plane) + 1 || mask[r] >> (plane) & 1)

/* what homes and peers tell each other about breaks: index home * 3 + peer */
byte fences[9];
byte acknowledged[9];
#define PAIR(home, peer) ((home) * 3 + (peer))

/* ---- liveness ------------------------------------------------------------------------------ */

byte deaths;
bool dead[WORKERS];
byte breaks = BREAKS;

/* ---- the connection of each worker to worker 0 ------------------------------------------------ */

#if defined(VERBS) || defined(REJOIN)
#define CONNECTIONS
#define UP 0
#define BROKEN 1   /* the peer saw an error, or its home has died; the home does not know it */
#define IN_ERROR 2 /* the home moved the queue pair to ERR: nothing lands any more */
byte link[WORKERS];
/* what worker 0 knows of them: the newest epoch, and the incarnation that it was issued to */
byte epoch[WORKERS];
byte attached[WORKERS];
byte incarnation[WORKERS];
#define EPOCH(me) epoch[me]
#define CONNECTED(me) (link[me] == UP)
#define OUTDATED(x) (EPOCH_OF(x) != epoch[HOLDER(x) - 1])
#define ATTACH(me) \
  epoch[me] = epoch[me] + NEW_EPOCH; attached[me] = incarnation[me]; link[me] = UP
#define IS_DEAD(rank, which) (dead[rank] || incarnation[rank] > (which))
#else
#define EPOCH(me) 0
#define CONNECTED(me) true
#define OUTDATED(x) false
#define IS_DEAD(rank, which) dead[rank]
#endif
#if defined(MUTANT_EPOCH_USED_AGAIN) || defined(MUTANT_CONNECT_BEFORE_CLEARING)
#define NEW_EPOCH 0
#else
#define NEW_EPOCH 1
#endif

#ifdef REJOIN
byte rejoins = REJOINS;
#endif

/* ---- checkpoint sets: the newest one that a stripe was copied for ------------------------------ */

#ifdef CUTS
byte cut[WORKERS];
byte cutVersion[WORKERS] = 16; /* ghost: the version that was copied for set 1, 16 = none yet */
#define CUT(r) cut[r]
#else
#define CUT(r) 0
#endif

/* ---- verbs: what is under way, and what becomes of an uncertain publish ------------------------ */

#ifdef VERBS
byte faults = FAULTS;
/* an operation whose completion was an error and that may still land */
#define NOTHING 0
#define SWAP 1
#define WRITE_FIRST 2
#define WRITE_SECOND 3
byte flying[WORKERS];
short flyingFrom[WORKERS];   /* of a swap: the expected word; of a write: the plane */
short flyingTo[WORKERS];     /* of a swap: the desired word; of a write: the value */
/* ghosts: version of an uncertain publish, whether it landed, whether its worker counts it as done,
   versions of the FENCE records that FENCED confirms, and of the one that has no FENCED yet */
#define NO_VERSION 16
byte uncertain[WORKERS] = NO_VERSION;
bool landed[WORKERS];
bool claimed[WORKERS];
short fenced;
byte openFence = NO_VERSION;
#define SETTLED(me) \
  (uncertain[me] == NO_VERSION || landed[me] == !(fenced >> uncertain[me] & 1))
#define HONEST(me) (!claimed[me] || landed[me])
/* replay takes a FENCE without FENCED, the last of a dead home, for one that broke the lock */
#define REPLAYS(me) \
  (uncertain[me] == NO_VERSION || rises[0] < uncertain[me] \
   || landed[me] == !(fenced >> uncertain[me] & 1 || openFence == uncertain[me]))
#define FAULT(me, kind, from, to) \
  faults--; link[me] = BROKEN; flying[me] = kind; flyingFrom[me] = from; flyingTo[me] = to
#define CAN_FAIL(me) (CONNECTED(me) && faults > 0)
/* the queue pairs of a worker are in ERR, or gone */
#ifdef MUTANT_BREAK_BEFORE_QUEUE_PAIR_IN_ERROR
#define DROP(peer)
#else
#define DROP(peer) flying[peer] = NOTHING; flyingFrom[peer] = 0; flyingTo[peer] = 0
#endif
#endif

/* ---- ghosts: known to the checks only ------------------------------------------------------ */

byte pinned[WORKERS];          /* confirmed pin, 0 = none, else plane + 1 */
byte quarantinedFor[12];       /* holder + 1 for whom the home quarantined the plane */
byte rises[WORKERS];           /* publishes and fences of a stripe */
byte applied[WORKERS];
bool done[WORKERS];
#ifdef MUTANT_FENCE_RECORD_DECIDES
byte fenceRecord;              /* version of the home's last FENCE record */
#endif

#define SPOIL(r, plane) first[AT(r, plane)] = 0; second[AT(r, plane)] = 0
/* after a word changed: whatever is neither current nor pinned is spoiled, unless it is a target */
#define RETIRE(r, plane) \
  if \
  :: (plane) != CURRENT(lock[r]) && pinned[r] != (plane) + 1 -> SPOIL(r, plane) \
  :: else \
  fi
#define WHOLE(r, plane) (first[AT(r, plane)] == second[AT(r, plane)] && first[AT(r, plane)] != 0)

/* I1, I2 */
#define WRITABLE(r, plane, me) \
  ((plane) != CURRENT(lock[r]) && pinned[r] != (plane) + 1 \
   && (HOLDER(lock[r]) == (me) + 1 && TARGET(lock[r]) == (plane) \
       || (mask[r] >> (plane) & 1) && quarantinedFor[AT(r, plane)] == (me) + 1))

/* I3: every rise is counted and the word agrees with the count */
#define ROSE(r) rises[r] = (rises[r] + 1) & 15; assert(VERSION(lock[r]) == rises[r]) /* I3 */

