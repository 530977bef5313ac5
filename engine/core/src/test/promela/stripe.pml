/*
 * The stripe protocol of the engine: lock word, planes, snapshot pin, exchange, fence, quarantine.
 * ProtocolModelTest checks it exhaustively with spin, and checks that spin finds each planted
 * mistake. By hand:
 *
 *   spin -DEXCHANGE -a stripe.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m10000 -w24
 *   spin -DPAUSE -DMUTANT_COUNT_BEFORE_BREAK -a stripe.pml && cc -DSAFETY -o pan pan.c && ./pan
 *   spin -DPAUSE -DMUTANT_COUNT_BEFORE_BREAK -t -p -g stripe.pml        (the way to the error)
 *
 * Three workers, each with a replica of one stripe, an agent (agent.pml), the home's watch over the
 * locks on its own stripe and a compute thread (home.pml); the words and planes, and the checks on
 * them, are in words.pml. One step is one access to one shared word or to one half of a plane; what
 * is local in between is merged into it. Memory is sequentially consistent: compare-and-swap, the
 * full fence of the pin, and acquire loads of words that only grow from them make it so.
 *
 * README.md leads from each state to the method that takes the step, and says what each configuration
 * leaves out. A stuck holder that wakes up late is one that interleaving delays; so is a worker that
 * hears of a death late.
 *
 * Checked in every state; each assertion names its invariant:
 *   I1  nobody but its holder, or its home by a fence, changes a held word; who writes a plane
 *       holds the lock that names it.
 *   I2  nobody writes a plane that is current, pinned, or quarantined for another.
 *   I3  a version rises by exactly one per publish or fence.
 *   I4  an exchange is visible on both replicas, on neither, or counted as torn; after an uncertain
 *       publish the home's FENCE record tells which, also when the home dies before it logs what
 *       became of the fence.
 *   I6  by form: no step waits for anything but the worker's own stripe. FINITE searches for cycles
 *       and finds none, so every run ends; and where it ends, I8 says that nobody waits.
 *   I7  each gradient is applied exactly once.
 *   I8  when nothing can move, every living worker is done, and no stripe of a living worker is
 *       locked or has a plane in quarantine.
 *   P3  nobody trusts a torn copy.
 *   C1  an exchange is before a checkpoint set on both replicas, or after it on both.
 *   C2  whoever joins counts its copy as part of the set that it belongs to.
 *
 * What the model found, and what the protocol therefore has to do:
 *   - A break is counted after its swap succeeded. Counted before, a holder that releases unchanged
 *     and takes the lock again with the same word acknowledges the break that is still to come, and
 *     its plane leaves quarantine while it writes (MUTANT_COUNT_BEFORE_BREAK).
 *   - A taker reads the lock word first and the guard word after it. The other way round it may
 *     name a plane that is in quarantine for somebody else, and when it hangs too, one quarantine
 *     serves two holders and the first to acknowledge ends it (MUTANT_GUARD_BEFORE_WORD).
 *   - A reader whose release finds another word throws its copy away
 *     (MUTANT_READER_KEEPS_COPY_OF_BROKEN_LOCK).
 *   - Acknowledging belongs to idling, too: a peer that never comes back to a home would leave the
 *     plane in quarantine for ever (MUTANT_ACKNOWLEDGE_AFTER_EXCHANGE_ONLY).
 *   - Where the holder's swaps cannot be stopped first (shared memory), a FENCE record alone does
 *     not say whose version it was: its swap may have lost (MUTANT_FENCE_RECORD_DECIDES). The
 *     record of what became of the fence does. On verbs the queue pair is in ERR before FENCE is
 *     written, and FENCE decides.
 *   - For that, the home reads the word once more between ERR and FENCE. A publish that completed
 *     with an error may have landed after the first read; with a FENCE in the log of a home that
 *     dies before it logs FENCED, replay would take the publish for a fence
 *     (MUTANT_WORD_NOT_READ_AGAIN_AFTER_CUTTING_OFF).
 *   - A peer may connect anew while a lock of its old connection stands, if its epoch is a new one:
 *     the home breaks locks of older epochs. With the old epoch nobody ever breaks it
 *     (MUTANT_CONNECT_BEFORE_CLEARING, MUTANT_EPOCH_USED_AGAIN).
 *   - The home reads a holder's newest epoch after the lock word. The other way round it takes the
 *     lock of a successor for its predecessor's, and breaks it while the successor writes
 *     (MUTANT_ATTACHMENT_READ_BEFORE_WORD).
 *   - A reader without the lock needs the version, too: two publishes later the plane that it read
 *     is current again (MUTANT_READER_LOOKS_AT_PLANE_ONLY).
 */

/* ---- configurations: what each worker does -------------------------------------------------- */

#define EACH(me, a, b, c) ((me) == 0 -> (a) : ((me) == 1 -> (b) : (c)))

#if defined(EXCHANGE)
/* All three workers pair with whom they like, twice, then step alone; any one dies at any step. */
#define GRADIENTS(me) 1
#define TRIES 2
#define PARTNERS(me, peer) ((peer) != (me))
#define SECLUDED(me) false
#define READS(me) 0
#define SNAPSHOTS(me) EACH(me, 1, 0, 0)
#define DEATHS 1
#define BREAKS 0
#define BIT(me) (1 << (me))
#else
/* Workers 1 and 2 meet at the replica of worker 0; nobody comes near their own. */
#define TRIES 1
#define PARTNERS(me, peer) ((me) != 0 && (peer) == 0)
#define SECLUDED(me) ((me) != 0)
#endif

#if defined(SNAPSHOT)
/* Two publishers and the home's own steps against the home's snapshots; a taker reads the guard
   word and the lock word in either order; any one worker dies at any step. */
#define GRADIENTS(me) EACH(me, 1, 2, 1)
#define READS(me) 0
#define SNAPSHOTS(me) EACH(me, 2, 0, 0)
#define DEATHS 1
#define BREAKS 0
#define ANY_ORDER
#elif defined(PAUSE)
/* The home breaks the lock of a living holder: a publisher that comes back for a second exchange,
   a publisher that is also a reader, and a snapshot. */
#define GRADIENTS(me) EACH(me, 0, 2, 1)
#define READS(me) EACH(me, 0, 0, 1)
#define SNAPSHOTS(me) EACH(me, 1, 0, 0)
#define DEATHS 0
#define BREAKS 1
#define GIVE_UP
#elif defined(STUCK)
/* Both peers hang while they hold, one after the other, beside a snapshot: every plane is taken. */
#define GRADIENTS(me) 1
#define READS(me) 0
#define SNAPSHOTS(me) EACH(me, 1, 0, 0)
#define DEATHS 0
#define BREAKS 2
#elif defined(LATE_DEATH)
/* A holder hangs and any one worker dies, the hanging one or the home among them. */
#define GRADIENTS(me) 1
#define READS(me) 0
#define SNAPSHOTS(me) EACH(me, 1, 0, 0)
#define DEATHS 1
#define BREAKS 1
#elif defined(VERBS)
/* The peers reach the home through queue pairs that fail: a posted operation completes with an
   error and yet lands, lands late, or never lands. The home cuts a peer off before it breaks its
   lock, a peer connects anew with a new epoch. Any one worker dies at any step. */
#define GRADIENTS(me) EACH(me, 0, 2, 1)
#define READS(me) 0
#define SNAPSHOTS(me) EACH(me, 1, 0, 0)
#define DEATHS 1
#define BREAKS 1
#define FAULTS 1
#elif defined(FINITE)
/* A holder may hang and is broken; searched for cycles: a run without end is one that turns. */
#define GRADIENTS(me) 1
#define READS(me) 0
#define SNAPSHOTS(me) EACH(me, 1, 0, 0)
#define DEATHS 0
#define BREAKS 1
#define GIVE_UP
#elif defined(REJOIN)
/* Any one worker dies at any step and joins again, with a new region and a new incarnation; locks
   of its earlier epochs may still stand, and others still believe that they are connected. A
   connection to the old region fails: that memory is nobody's any more. */
#define GRADIENTS(me) 1
#define READS(me) 0
#define SNAPSHOTS(me) EACH(me, 0, 0, 0)
#define DEATHS 1
#define REJOINS 1
#define BREAKS 1
#elif defined(CUTS)
/* Each worker is copied for a checkpoint set between any two of its updates; worker 2 copies worker
   0 as one that joins does. */
#define GRADIENTS(me) EACH(me, 1, 2, 1)
#define READS(me) EACH(me, 0, 0, 1)
#define SNAPSHOTS(me) EACH(me, 0, 0, 0)
#define DEATHS 1
#define BREAKS 0
#endif

/* quarantines, and acknowledgements to lift them, are for shared memory */
#if BREAKS && !defined(VERBS)
#define ACKNOWLEDGES true
#else
#define ACKNOWLEDGES false
#endif

/* the gradient of a worker as a bit of what a plane holds; only where it has exactly one */
#ifndef BIT
#define BIT(me) 0
#endif

#include "words.pml"
#include "agent.pml"
#include "home.pml"

/* ---- start, and what must hold when nothing can move ---------------------------------------- */

#define START_HOME(me) \
  first[AT(me, 0)] = INITIAL; \
  second[AT(me, 0)] = INITIAL; \
  if \
  :: SECLUDED(me) \
  :: else -> run Guard(me) \
  fi; \
  if \
  :: SNAPSHOTS(me) > 0 -> run Compute(me) \
  :: else -> computed[me] = true \
  fi

#define CHECK_END(me) \
  if \
  :: dead[me] \
  :: else -> \
     assert(done[me] && computed[me]);                   /* I8 */ \
     assert(FREE(lock[me]));                             /* I8 */ \
     assert(mask[me] == 0);                              /* I8 */ \
     assert(VERSION(lock[me]) == rises[me]);             /* I3 */ \
     assert(applied[me] == GRADIENTS(me));               /* I7 */ \
     assert(WHOLE(me, CURRENT(lock[me])));               /* P3 */ \
     assert((first[AT(me, CURRENT(lock[me]))] & BIT(me)) == BIT(me)) /* I7 */ \
  fi

init {
  atomic {
    run Agent(0);
    run Agent(1);
    run Agent(2);
    START_HOME(0);
    START_HOME(1);
    START_HOME(2);
#ifdef VERBS
    run Wire()
#endif
  };
end:
  timeout ->
  d_step {
    CHECK_END(0);
    CHECK_END(1);
    CHECK_END(2);
#ifdef VERBS
    assert(dead[0] || SETTLED(1) && SETTLED(2));         /* I4 */
    assert(!dead[0] || REPLAYS(1) && REPLAYS(2));        /* I4 */
    assert(dead[0] || HONEST(1) && HONEST(2));           /* I4 */
#endif
  }
}
