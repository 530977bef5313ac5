/*
 * The communication agent of a worker, a state machine as ExchangeMachine is: every option of the
 * loop is one step. Part of stripe.pml.
 */

/* ---- agent --------------------------------------------------------------------------------- */

#define START 0
#define OWN_READ 1
#define OWN_GUARD 2
#define OWN_LOCKING 3
#define OWN_CHECK 4
#define OWN_RETARGET 5
#define PEER_READ 6
#define PEER_GUARD 7
#define PEER_LOCKING 8
#define PEER_CHECK 9
#define PEER_RETARGET 10
#define COMBINE_A 11
#define WRITE_A 12
#define COMBINE_B 13
#define WRITE_B 14
#define PEER_PUBLISH 15
#define PEER_RELEASE 16
#define STEP_A 17
#define STEP_B 18
#define OWN_PUBLISH 19
#define OWN_RELEASE 20
#define SETTLE_LOAD 21
#define SETTLE_STORE 22
#define READ_WORD 23
#define READ_LOCKING 24
#define READ_A 25
#define READ_B 26
#define READ_RELEASE 27
#define FINISHED 28
#define DEAD 29
#define OWN_WORD 30
#define PEER_WORD 31
#define HELD_A 32
#define HELD_B 33
#define HELD_CHECK 34
#define CUT_BEFORE 35
#define CUT_AFTER 36
#define CUT_READ 37
#define CUT_LOCKING 38
#define CUT_MARK 39
#define CUT_A 40
#define CUT_B 41
#define CUT_RELEASE 42
#define JOINED 43

/*
 * A step that touches only what no other process looks at commutes with every step of the others,
 * so that it is enough to take it at once: the choice of a partner, and what a worker does to its
 * own stripe where the configuration lets nobody else come near it (SECLUDED). This is partial
 * order reduction by hand; spin cannot see it because the stripes are arrays.
 */
#define PRIVATE(me) \
  (state[me] == START || SECLUDED(me) && (state[me] >= OWN_READ && state[me] <= OWN_RETARGET \
      || state[me] >= STEP_A && state[me] <= OWN_RELEASE || state[me] == OWN_WORD \
      || state[me] >= CUT_READ && state[me] <= CUT_RELEASE))
#define CALM (!PRIVATE(0) && !PRIVATE(1) && !PRIVATE(2))

/* how the exchange under way will end */
#define OPEN 0
#define ALONE 1
#define BOTH 2
#define TORN 3

byte state[WORKERS];
#define pc state[me]

#ifdef MUTANT_CUT_READ_BEFORE_LOCK
#define PEER_CUT count
#else
#define PEER_CUT CUT(peer)
#endif

/* what follows a copy, and what follows when none was made */
#if defined(CUTS)
#define COPIED count = VERSION(y); pc = CUT_AFTER
#define NOT_COPIED t = 0; pc = START
#elif defined(REJOIN)
/* who joins begins with the copy, or with the initial model, and connects once more */
#define COPIED first[AT(me, 0)] = seen; second[AT(me, 0)] = seen; NOT_COPIED
#define NOT_COPIED \
  if \
  :: joining && CONNECTED(me) && !dead[0] -> ATTACH(me) \
  :: else \
  fi; \
  joining = false; pc = START
#else
#define COPIED pc = START
#define NOT_COPIED pc = START
#endif

#ifdef REJOIN
/* every plane but the first is as never written; what others know of the old region is theirs */
#define NEW_REGION(me) \
  lock[me] = 0; pin[me] = 0; mask[me] = 0; rises[me] = 0; applied[me] = 0; done[me] = false; \
  SPOIL(me, 1); SPOIL(me, 2); SPOIL(me, 3); \
  quarantinedFor[AT(me, 0)] = 0; quarantinedFor[AT(me, 1)] = 0; \
  quarantinedFor[AT(me, 2)] = 0; quarantinedFor[AT(me, 3)] = 0; \
  fences[PAIR(me, 1)] = 0; fences[PAIR(me, 2)] = 0; \
  acknowledged[PAIR(me, 1)] = 0; acknowledged[PAIR(me, 2)] = 0; \
  first[AT(me, 0)] = INITIAL; second[AT(me, 0)] = INITIAL
#endif

/* the agents are the processes 1 to 3; a provided clause may not name a parameter */
proctype Agent(byte me) provided (PRIVATE(_pid - 1) || CALM) {
  byte peer;
  byte tries;
  byte gradients;
  byte reads;
  short x;           /* own word, as read or as held */
  short y;           /* the peer's word, as read or as held */
  byte t;            /* chosen plane, or taken planes while ANY_ORDER waits for the word */
  byte seen;         /* first half of what was read from the peer */
  bool whole;        /* the peer's current plane was read whole */
#ifdef REJOIN
  bool joining;      /* copies worker 0 before it takes part */
#endif
  byte ending;
  byte count;

  gradients = GRADIENTS(me);
  reads = READS(me);

end:
  do
  /* ---- any worker may die at any step */
  :: d_step {
       pc != DEAD && deaths < DEATHS && !PRIVATE(me) ->
       deaths++;
       dead[me] = true;
       pc = DEAD;
       peer = 0; tries = 0; gradients = 0; reads = 0; x = 0; y = 0; t = 0; seen = 0;
       whole = 0; ending = 0; count = 0
     }

#ifdef REJOIN
  /* ---- a rank joins again: a new region, with the model of worker 0 where that lives */
  :: d_step {
       pc == DEAD && rejoins > 0 ->
       rejoins--;
       incarnation[me]++;
       dead[me] = false;
       NEW_REGION(me);
       gradients = GRADIENTS(me);
       if
       :: me == 0 ->
#ifndef MUTANT_SUCCESSOR_IN_THE_OLD_REGION
          link[1] = BROKEN; link[2] = BROKEN; epoch[1] = 0; epoch[2] = 0;
#endif
          pc = START
       :: else -> pc = JOINED
       fi
     }
  :: d_step {
       pc == JOINED ->
       if
       :: !dead[0] -> ATTACH(me); joining = true; pc = READ_WORD
       :: else -> pc = START
       fi
     }
#endif

  /* ---- choose a partner, or step alone after TRIES */
  :: d_step {
       pc == START && gradients > 0 && tries < TRIES && PARTNERS(me, 0) -> peer = 0; pc = OWN_READ
     }
  :: d_step {
       pc == START && gradients > 0 && tries < TRIES && PARTNERS(me, 1) -> peer = 1; pc = OWN_READ
     }
  :: d_step {
       pc == START && gradients > 0 && tries < TRIES && PARTNERS(me, 2) -> peer = 2; pc = OWN_READ
     }
  :: d_step {
       (pc == START && gradients > 0
         && (tries == TRIES || !(PARTNERS(me, 0) || PARTNERS(me, 1) || PARTNERS(me, 2)))) ->
       peer = me; pc = OWN_READ
     }
  :: d_step { pc == START && gradients == 0 && reads > 0 -> reads--; pc = CUT_BEFORE }
#ifdef CUTS
  /* a checkpoint set was asked for, and no update is under way */
  :: d_step { (pc == START && tries == 0 || pc == FINISHED) && cut[me] == 0 -> pc = CUT_READ }
#endif
  :: d_step {
       pc == START && gradients == 0 && reads == 0 -> pc = FINISHED; tries = 0; done[me] = true
     }

  /* ---- 1. try-lock own; the wait is for the own stripe alone (I6), the home's Guard ends it */
  :: d_step {
       pc == OWN_READ && FREE(lock[me]) && FREE_PLANE(TAKEN(me), lock[me]) != NO_PLANE ->
       x = lock[me]; pc = OWN_GUARD
     }
  :: d_step {
       pc == OWN_GUARD ->
       t = FREE_PLANE(TAKEN(me), x);
       if
       :: t == NO_PLANE -> t = 0; x = 0; pc = OWN_READ
       :: else -> pc = OWN_LOCKING
       fi
     }
#if defined(ANY_ORDER) || defined(MUTANT_GUARD_BEFORE_WORD)
  :: d_step {
       pc == OWN_READ && FREE(lock[me]) && FREE_PLANE(TAKEN(me), lock[me]) != NO_PLANE ->
       t = TAKEN(me); pc = OWN_WORD
     }
  :: d_step {
       pc == OWN_WORD ->
       x = lock[me];
       t = FREE_PLANE(t, x);
       if
       :: t == NO_PLANE || !FREE(x) -> t = 0; x = 0; pc = OWN_READ
       :: else -> pc = OWN_LOCKING
       fi
     }
#endif
  :: d_step {
       pc == OWN_LOCKING ->
       if
       :: lock[me] == x -> x = ACQUIRE(x, 0, me, t); lock[me] = x; pc = OWN_CHECK
       :: else -> x = 0; pc = OWN_READ
       fi;
       t = 0
     }
  :: d_step {
       pc == OWN_CHECK ->
#if defined(MUTANT_NO_PIN_REREAD_UNDER_LOCK) || defined(MUTANT_OWN_GUARD_NOT_READ_AGAIN)
       pc = (peer == me -> STEP_A : PEER_READ)
#else
       if
       :: !GUARDED(me, TARGET(x)) -> pc = (peer == me -> STEP_A : PEER_READ)
       :: else ->
          t = FREE_PLANE(TAKEN(me), x);
          pc = (t == NO_PLANE -> OWN_RELEASE : OWN_RETARGET)
       fi
#endif
     }
  :: d_step {
       pc == OWN_RETARGET ->
       assert(lock[me] == x); /* I1: nobody else changes a held word of its home */
       x = RETARGET(x, t); lock[me] = x; t = 0;
       pc = (peer == me -> STEP_A : PEER_READ)
     }

  /* ---- 2. try-lock the peer's; never wait while holding */
  :: d_step {
#ifdef MUTANT_HOLD_AND_WAIT
       pc == PEER_READ && FREE(lock[peer]) ->
#else
       pc == PEER_READ ->
#endif
       if
       :: FREE(lock[peer]) && !dead[peer] && CONNECTED(me) ->
          y = lock[peer]; pc = PEER_GUARD;
#ifdef MUTANT_CUT_READ_BEFORE_LOCK
          count = CUT(peer)
#endif
       :: else -> pc = OWN_RELEASE
       fi
     }
  :: d_step {
       pc == PEER_GUARD ->
       t = FREE_PLANE(TAKEN(peer), y);
       if
       :: t == NO_PLANE -> t = 0; y = 0; pc = OWN_RELEASE
       :: else -> pc = PEER_LOCKING
       fi
     }
#if defined(ANY_ORDER) || defined(MUTANT_GUARD_BEFORE_WORD)
  :: d_step { pc == PEER_READ && !dead[peer] -> t = TAKEN(peer); pc = PEER_WORD }
  :: d_step {
       pc == PEER_WORD ->
       y = lock[peer];
       t = FREE_PLANE(t, y);
       if
       :: t == NO_PLANE || !FREE(y) -> t = 0; y = 0; pc = OWN_RELEASE
       :: else -> pc = PEER_LOCKING
       fi
     }
#endif
  :: d_step {
       pc == PEER_LOCKING ->
       if
       :: lock[peer] == y && CONNECTED(me) ->
          y = ACQUIRE(y, EPOCH(me), me, t); lock[peer] = y; pc = PEER_CHECK;
#ifdef VERBS
          assert(SETTLED(me));                           /* I4: the home has told by now */
          assert(HONEST(me));                            /* I4 */
          uncertain[me] = NO_VERSION; landed[me] = false; claimed[me] = false
#endif
       :: else -> y = 0; pc = OWN_RELEASE
       fi;
       t = 0
     }
  :: d_step {
       pc == PEER_CHECK ->
       if
       :: !CONNECTED(me) -> y = 0; pc = OWN_RELEASE
       :: CONNECTED(me) && dead[peer] -> pc = PEER_RELEASE
#ifndef MUTANT_CUT_NOT_COMPARED
       :: CONNECTED(me) && !dead[peer] && PEER_CUT != CUT(me) -> count = 0; pc = PEER_RELEASE
#endif
       :: else ->
          count = 0;
#ifdef MUTANT_NO_PIN_REREAD_UNDER_LOCK
          pc = COMBINE_A
#else
          if
          :: !GUARDED(peer, TARGET(y)) -> pc = COMBINE_A
          :: else ->
             t = FREE_PLANE(TAKEN(peer), y);
             pc = (t == NO_PLANE -> PEER_RELEASE : PEER_RETARGET);
             if
             :: t == NO_PLANE -> t = 0
             :: else
             fi
          fi
#endif
       fi
     }
#ifdef GIVE_UP
  /* the peer looked as if it were leaving: nothing is exchanged */
  :: d_step { pc == PEER_CHECK -> pc = PEER_RELEASE }
#endif
  :: d_step {
       pc == PEER_RETARGET ->
       if
       :: lock[peer] == y && CONNECTED(me) -> y = RETARGET(y, t); lock[peer] = y; pc = COMBINE_A
       :: else -> y = 0; pc = OWN_RELEASE
       fi;
       t = 0
     }

  /* ---- 3. stream two chunks: read peer's, combine into own target, write the peer's target */
  :: d_step {
       pc == COMBINE_A ->
       seen = first[AT(peer, CURRENT(y))];
       assert(WHOLE(me, CURRENT(x)));                    /* P3 */
       assert(WRITABLE(me, TARGET(x), me));              /* I2 */
       assert(!(first[AT(me, CURRENT(x))] & BIT(me)));   /* I7: not applied before */
       first[AT(me, TARGET(x))] = (me + 1) << 3 | (first[AT(me, CURRENT(x))] | seen | BIT(me)) & 7;
       second[AT(me, TARGET(x))] = 0;
       pc = WRITE_A
     }
  :: d_step {
       pc == WRITE_A ->
       if
       :: CONNECTED(me) ->
          assert(WRITABLE(peer, TARGET(y), me));         /* I2 */
          first[AT(peer, TARGET(y))] = first[AT(me, TARGET(x))];
          second[AT(peer, TARGET(y))] = 0;
          pc = COMBINE_B
       :: else -> y = 0; pc = STEP_A
       fi
     }
  :: d_step {
       pc == COMBINE_B ->
       whole = (seen == second[AT(peer, CURRENT(y))] && seen != 0);
       seen = second[AT(peer, CURRENT(y))];
       assert(WRITABLE(me, TARGET(x), me));              /* I2 */
       /* the average with a torn copy is torn */
       second[AT(me, TARGET(x))] =
         (whole -> (me + 1) << 3 | (first[AT(me, CURRENT(x))] | seen | BIT(me)) & 7 : 0);
       seen = 0;
#ifdef MUTANT_PUBLISH_PEER_BEFORE_DATA
       pc = PEER_PUBLISH
#else
       pc = WRITE_B
#endif
     }
  :: d_step {
       pc == WRITE_B ->
#ifdef MUTANT_PUBLISH_PEER_BEFORE_DATA
       second[AT(peer, TARGET(y))] = second[AT(me, TARGET(x))];
       y = 0;
       pc = OWN_PUBLISH
#else
       if
       :: CONNECTED(me) ->
          assert(WRITABLE(peer, TARGET(y), me));         /* I2 */
          second[AT(peer, TARGET(y))] = second[AT(me, TARGET(x))];
          pc = PEER_PUBLISH;
          if
          :: dead[peer] -> ending = ALONE; whole = 0; pc = PEER_RELEASE
          :: else
          fi
       :: else -> y = 0; whole = 0; pc = STEP_A
       fi
#endif
     }

  /* ---- 4. publish peer, publish own */
  :: d_step {
       pc == PEER_PUBLISH ->
       if
       :: lock[peer] == y && CONNECTED(me) ->
          lock[peer] = PUBLISH(y);
          ROSE(peer);
          assert(CUT(peer) == CUT(me));                  /* C1 */
          assert(whole);                                 /* P3: what was averaged was whole */
          assert(first[AT(peer, TARGET(y))] == first[AT(me, TARGET(x))]
                 && second[AT(peer, TARGET(y))] == second[AT(me, TARGET(x))]); /* I4 */
          RETIRE(peer, CURRENT(y));
#ifdef MUTANT_FENCE_RECORD_DECIDES
          assert(fenceRecord != VERSION(lock[peer]));    /* I4: the home says it was not ours */
#endif
          ending = BOTH;
#ifdef MUTANT_PUBLISH_PEER_BEFORE_DATA
          pc = WRITE_B
#else
          pc = OWN_PUBLISH;
          y = 0
#endif
       :: else ->
#ifdef VERBS
          uncertain[me] = VERSION(PUBLISH(y));           /* flushed, which the peer cannot know */
#endif
          ending = TORN;
          y = 0;
#ifdef MUTANT_TORN_DROPS_GRADIENT
          pc = OWN_RELEASE; gradients--
#else
#ifdef MUTANT_TORN_KEEPS_AVERAGE
          pc = OWN_PUBLISH
#else
          pc = STEP_A
#endif
#endif
       fi;
       whole = 0
     }
  :: d_step {
       pc == PEER_RELEASE ->
#ifdef MUTANT_RELEASE_BY_STORE
       lock[peer] = RELEASE(y);
       assert(VERSION(lock[peer]) == rises[peer]);       /* I3 */
#else
       if
       :: lock[peer] == y && CONNECTED(me) -> lock[peer] = RELEASE(y); RETIRE(peer, TARGET(y))
       :: else
       fi;
#endif
       y = 0;
       pc = (ending == ALONE -> STEP_A : OWN_RELEASE)
     }

#ifdef VERBS
  /* ---- a posted operation completes with an error, and what became of it is not known */
  :: d_step {
       pc == PEER_LOCKING && CAN_FAIL(me) ->
       FAULT(me, SWAP, y, ACQUIRE(y, EPOCH(me), me, t));
       y = 0; t = 0; pc = OWN_RELEASE
     }
  :: d_step {
       pc == WRITE_A && CAN_FAIL(me) ->
       FAULT(me, WRITE_FIRST, TARGET(y), first[AT(me, TARGET(x))]);
       y = 0; pc = STEP_A
     }
  :: d_step {
       pc == WRITE_B && CAN_FAIL(me) ->
       FAULT(me, WRITE_SECOND, TARGET(y), second[AT(me, TARGET(x))]);
       y = 0; whole = 0; pc = STEP_A
     }
  :: d_step {
       pc == PEER_PUBLISH && CAN_FAIL(me) ->
       FAULT(me, SWAP, y, PUBLISH(y));
       uncertain[me] = VERSION(PUBLISH(y));
#ifdef MUTANT_UNCERTAIN_PUBLISH_COUNTS_AS_DONE
       ending = BOTH; y = 0; whole = 0; pc = OWN_PUBLISH
#else
       ending = TORN; y = 0; whole = 0; pc = STEP_A
#endif
     }
  :: d_step {
       pc == PEER_RELEASE && CAN_FAIL(me) ->
       FAULT(me, SWAP, y, RELEASE(y));
       y = 0;
       pc = (ending == ALONE -> STEP_A : OWN_RELEASE)
     }
#endif
#ifdef CONNECTIONS
  /* connects again: the old queue pairs are gone first, then the home hands out a new epoch; a lock
     of the old one still stands, and the home breaks it */
  :: d_step {
       (pc == PEER_READ || pc == FINISHED && me != 0) && !dead[0] && link[me] != UP ->
#ifdef VERBS
       DROP(me);
#endif
       ATTACH(me)
     }
#endif

  /* ---- 5. alone: x - u into the own free plane, all of it */
  :: d_step {
       pc == STEP_A ->
       assert(WHOLE(me, CURRENT(x)));                    /* P3 */
       assert(!(first[AT(me, CURRENT(x))] & BIT(me)));   /* I7 */
       assert(WRITABLE(me, TARGET(x), me));              /* I2 */
       first[AT(me, TARGET(x))] = (me + 1) << 3 | (first[AT(me, CURRENT(x))] | BIT(me)) & 7;
       second[AT(me, TARGET(x))] = 0;
       pc = STEP_B
     }
  :: d_step {
       pc == STEP_B ->
       assert(WRITABLE(me, TARGET(x), me));              /* I2 */
       second[AT(me, TARGET(x))] = first[AT(me, TARGET(x))];
       pc = OWN_PUBLISH
     }
  :: d_step {
       pc == OWN_PUBLISH ->
       assert(lock[me] == x);                            /* I1 */
       lock[me] = PUBLISH(x);
       ROSE(me);
       assert(WHOLE(me, TARGET(x)));                     /* P3 */
       RETIRE(me, CURRENT(x));
#ifdef VERBS
       claimed[me] = claimed[me] || ending == BOTH && uncertain[me] != NO_VERSION;
#endif
       applied[me]++;
       gradients--;
       tries = 0;
       x = 0;
       ending = 0;
       pc = (peer == me || !ACKNOWLEDGES -> START : SETTLE_LOAD)
     }
  :: d_step {
       pc == OWN_RELEASE ->
       assert(lock[me] == x);                            /* I1 */
       assert(ending != BOTH);                           /* I4 */
       lock[me] = RELEASE(x);
       RETIRE(me, TARGET(x));
       x = 0;
       t = 0;
       ending = 0;
       if
       :: peer == me -> pc = START
       :: else ->
#ifndef MUTANT_TRIES_PARTNERS_FOR_EVER
          tries++;
#endif
          pc = (!ACKNOWLEDGES -> START : SETTLE_LOAD)
       fi
     }

  /* ---- between exchanges and when idle: acknowledge the breaks of one's locks */
  :: d_step {
       pc == SETTLE_LOAD ->
       count = fences[PAIR(peer, me)];
       if
       :: count == acknowledged[PAIR(peer, me)] || !CONNECTED(me) -> count = 0; peer = 0; pc = START
       :: else -> pc = SETTLE_STORE
       fi
     }
  :: d_step {
       pc == SETTLE_STORE ->
       if
       :: CONNECTED(me) -> acknowledged[PAIR(peer, me)] = count
       :: else
       fi;
       count = 0; peer = 0; pc = START
     }
#ifndef MUTANT_ACKNOWLEDGE_AFTER_EXCHANGE_ONLY
  :: d_step {
       pc == FINISHED && fences[PAIR(0, me)] != acknowledged[PAIR(0, me)] ->
       acknowledged[PAIR(0, me)] = fences[PAIR(0, me)]
     }
#endif

#include "copies.pml"
  od
}
