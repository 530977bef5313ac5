/*
 * What a home does beside its exchanges: it watches the locks on its stripe, and its compute thread
 * takes snapshots. Part of stripe.pml.
 */

/* ---- the home's watch over its own stripe ---------------------------------------------------- */

#define WATCHING 0
#define QUARANTINING 1
#define BREAKING 2
#define COUNTING 3
#define UNMARKING 4
#define GONE 5
#define JUDGING 6
#define CUTTING_OFF 7
#define FENCING 8
#define BREAKING_DEAD 9

#ifdef VERBS
#define HOLDER_OF_X (HOLDER(x) - 1)

/* what was posted and completed with an error lands, late or at once, or never */
#define LAND \
  if \
  :: flying[from] == SWAP && lock[0] == flyingFrom[from] -> \
     x = lock[0]; \
     lock[0] = flyingTo[from]; \
     if \
     :: VERSION(lock[0]) != VERSION(x) -> landed[from] = true; ROSE(0); RETIRE(0, CURRENT(x)) \
     :: else -> \
        if \
        :: FREE(lock[0]) -> RETIRE(0, TARGET(x)) \
        :: else \
        fi \
     fi; \
     x = 0 \
  :: flying[from] == WRITE_FIRST -> \
     assert(WRITABLE(0, flyingFrom[from], from));        /* I2 */ \
     first[AT(0, flyingFrom[from])] = flyingTo[from]; \
     second[AT(0, flyingFrom[from])] = 0 \
  :: flying[from] == WRITE_SECOND -> \
     assert(WRITABLE(0, flyingFrom[from], from));        /* I2 */ \
     second[AT(0, flyingFrom[from])] = flyingTo[from] \
  :: else \
  fi; \
  flying[from] = NOTHING; flyingFrom[from] = 0; flyingTo[from] = 0; from = 0

proctype Wire() provided (CALM) {
  short x;
  byte from;

end:
  do
  :: d_step { flying[1] != NOTHING -> from = 1; LAND }
  :: d_step { flying[2] != NOTHING -> from = 2; LAND }
  :: d_step { flying[1] != NOTHING -> flying[1] = NOTHING; flyingFrom[1] = 0; flyingTo[1] = 0 }
  :: d_step { flying[2] != NOTHING -> flying[2] = NOTHING; flyingFrom[2] = 0; flyingTo[2] = 0 }
  od
}
#endif

proctype Guard(byte me) provided (CALM) {
  byte gc = WATCHING;
  short x;
#ifdef MUTANT_ATTACHMENT_READ_BEFORE_WORD
  byte early;
#endif
#if defined(REJOIN) && BREAKS
  byte quarantinedIncarnation[4];
#define QUARANTINED_INCARNATION(plane) quarantinedIncarnation[plane]
#endif
  byte due[4]; /* the count of breaks that the holder must acknowledge before a plane is lifted */

end:
  do
  :: d_step {
       dead[me] && gc != GONE ->
       gc = GONE; x = 0; due[0] = 0; due[1] = 0; due[2] = 0; due[3] = 0
     }
#ifdef REJOIN
  :: d_step { !dead[me] && gc == GONE -> gc = WATCHING }
#endif
#ifdef VERBS
  /* the lock of an earlier connection, of a dead worker, or held too long */
  :: d_step {
       (gc == WATCHING && !dead[me] && !FREE(lock[me]) && HOLDER(lock[me]) != me + 1
         && (OUTDATED(lock[me]) || dead[HOLDER(lock[me]) - 1] || breaks > 0)) ->
       x = lock[me];
       if
       :: OUTDATED(x) || dead[HOLDER_OF_X]
       :: else -> breaks--
       fi;
       gc = CUTTING_OFF
     }
  /* the queue pairs of this epoch and of earlier ones to ERR: nothing of them lands any more */
  :: d_step {
       gc == CUTTING_OFF && !dead[me] ->
       if
       :: OUTDATED(x)
       :: else -> link[HOLDER_OF_X] = IN_ERROR; DROP(HOLDER_OF_X)
       fi;
       gc = FENCING
     }
  /* reads the word again, which now only the home can change, and logs FENCE */
  :: d_step {
       gc == FENCING && !dead[me] ->
#ifndef MUTANT_WORD_NOT_READ_AGAIN_AFTER_CUTTING_OFF
       if
       :: lock[me] != x -> x = 0; gc = WATCHING
       :: else ->
#endif
          openFence = VERSION(FENCE(x)); gc = BREAKING
#ifndef MUTANT_WORD_NOT_READ_AGAIN_AFTER_CUTTING_OFF
       fi
#endif
     }
  :: d_step {
       gc == BREAKING && !dead[me] ->
       if
       :: lock[me] == x ->
          fenced = fenced | 1 << VERSION(FENCE(x));
          lock[me] = FENCE(x);
          ROSE(me);
          RETIRE(me, TARGET(x))
       :: else
       fi;
       gc = COUNTING
     }
  /* the completion: logs FENCED */
  :: d_step {
       gc == COUNTING && !dead[me] -> openFence = NO_VERSION; x = 0; gc = WATCHING
     }
#else
#ifdef REJOIN
  /* the lock word, and after it which connection is the holder's newest */
  :: d_step {
       (gc == WATCHING && !dead[me] && !FREE(lock[me]) && HOLDER(lock[me]) != me + 1
         && (deaths < DEATHS || OUTDATED(lock[me])
             || IS_DEAD(HOLDER(lock[me]) - 1, attached[HOLDER(lock[me]) - 1]))) ->
#ifdef MUTANT_ATTACHMENT_READ_BEFORE_WORD
       early = HOLDER(lock[me]); due[3] = epoch[HOLDER(lock[me]) - 1];
#else
       x = lock[me];
#endif
       gc = JUDGING
     }
  :: d_step {
       gc == JUDGING && !dead[me] ->
#ifdef MUTANT_ATTACHMENT_READ_BEFORE_WORD
       x = lock[me];
       if
       :: HOLDER(x) == early && EPOCH_OF(x) != due[3] -> gc = BREAKING_DEAD
       :: else -> x = 0; gc = WATCHING
       fi;
       early = 0; due[3] = 0
#else
       if
       :: OUTDATED(x) || IS_DEAD(HOLDER(x) - 1, attached[HOLDER(x) - 1]) ->
          gc = BREAKING_DEAD
       :: else -> x = 0; gc = WATCHING
       fi
#endif
     }
  /* nothing is quarantined: the holder is dead */
  :: d_step {
       gc == BREAKING_DEAD && !dead[me] ->
       if
       :: lock[me] == x -> lock[me] = FENCE(x); ROSE(me); RETIRE(me, TARGET(x))
       :: else
       fi;
       x = 0; gc = WATCHING
     }
#else
  /* a dead holder: nobody else changes the word any more, so reading it and the swap are one */
  :: d_step {
       (gc == WATCHING && !dead[me] && !FREE(lock[me]) && HOLDER(lock[me]) != me + 1
         && dead[HOLDER(lock[me]) - 1]) ->
       x = lock[me];
       lock[me] = FENCE(x);
       ROSE(me);
       RETIRE(me, TARGET(x));
       x = 0
     }
#endif
#endif
#if BREAKS && !defined(VERBS)
  /* the hold-time limit of a living holder ran out */
  :: d_step {
       (gc == WATCHING && !dead[me] && breaks > 0 && !FREE(lock[me]) && HOLDER(lock[me]) != me + 1
         && !dead[HOLDER(lock[me]) - 1] && !OUTDATED(lock[me])) ->
       breaks--;
       x = lock[me];
       gc = (TARGET(x) == CURRENT(x) -> BREAKING : QUARANTINING);
#ifdef MUTANT_FENCE_RECORD_DECIDES
       fenceRecord = VERSION(x) + 1;
#endif
#ifdef MUTANT_COUNT_BEFORE_BREAK
       fences[PAIR(me, HOLDER(x) - 1)]++;
       due[TARGET(x)] = fences[PAIR(me, HOLDER(x) - 1)]
#endif
     }
  :: d_step {
       gc == QUARANTINING && !dead[me] ->
#ifndef MUTANT_BREAK_WITHOUT_QUARANTINE
       mask[me] = mask[me] | 1 << TARGET(x);
       quarantinedFor[AT(me, TARGET(x))] = HOLDER(x);
#ifdef REJOIN
       quarantinedIncarnation[TARGET(x)] = attached[HOLDER(x) - 1];
#endif
#endif
       gc = BREAKING
     }
  :: d_step {
       gc == BREAKING && !dead[me] ->
       if
       :: lock[me] == x ->
          lock[me] = FENCE(x);
          ROSE(me);
          RETIRE(me, TARGET(x));
          gc = (TARGET(x) == CURRENT(x) -> WATCHING : COUNTING);
          if
          :: gc == WATCHING -> x = 0
          :: else
          fi
       :: else -> gc = (TARGET(x) == CURRENT(x) -> WATCHING : UNMARKING);
          if
          :: gc == WATCHING -> x = 0
          :: else
          fi
       fi
     }
  /* only now: a count that the holder could see while it held would be acknowledged too early */
  :: d_step {
       gc == COUNTING && !dead[me] ->
#ifndef MUTANT_COUNT_BEFORE_BREAK
       fences[PAIR(me, HOLDER(x) - 1)]++;
       due[TARGET(x)] = fences[PAIR(me, HOLDER(x) - 1)];
#endif
       x = 0; gc = WATCHING
     }
  :: d_step {
       gc == UNMARKING && !dead[me] ->
       mask[me] = mask[me] & ~(1 << TARGET(x));
       quarantinedFor[AT(me, TARGET(x))] = 0;
       x = 0; gc = WATCHING
     }
#ifdef MUTANT_LIFT_BEFORE_ACKNOWLEDGEMENT
#define ACKNOWLEDGED(plane) true
#else
#define ACKNOWLEDGED(plane) \
  (acknowledged[PAIR(me, quarantinedFor[AT(me, plane)] - 1)] >= due[plane])
#endif
#define LIFT(plane) \
  :: d_step { \
       gc == WATCHING && !dead[me] && quarantinedFor[AT(me, plane)] != 0 \
         && (ACKNOWLEDGED(plane) \
             || IS_DEAD(quarantinedFor[AT(me, plane)] - 1, QUARANTINED_INCARNATION(plane))) -> \
       mask[me] = mask[me] & ~(1 << (plane)); \
       quarantinedFor[AT(me, plane)] = 0; \
       due[plane] = 0; \
       RETIRE(me, plane) \
     }
  LIFT(0)
  LIFT(1)
  LIFT(2)
  LIFT(3)
#endif
  od
}

/* ---- the compute thread ---------------------------------------------------------------------- */

#define C_LOAD 0
#define C_PIN 1
#define C_CHECK 2
#define C_READ_A 3
#define C_READ_B 4
#define C_UNPIN 5
#define C_FINISHED 6

bool computed[WORKERS];

proctype Compute(byte me) provided (CALM) {
  byte cc = C_LOAD;
  byte left;
  byte plane;
  byte seen;

  left = SNAPSHOTS(me);
end:
  do
  :: d_step { cc == C_LOAD && left > 0 -> left--; plane = CURRENT(lock[me]); cc = C_PIN }
  :: d_step { cc == C_LOAD && left == 0 -> cc = C_FINISHED; computed[me] = true }
  :: d_step {
       cc == C_PIN -> pin[me] = plane + 1;
#ifdef MUTANT_PIN_NO_RECHECK
       pinned[me] = plane + 1; cc = C_READ_A
#else
       cc = C_CHECK
#endif
     }
  :: d_step {
       cc == C_CHECK ->
       if
       :: CURRENT(lock[me]) == plane -> pinned[me] = plane + 1; cc = C_READ_A
       :: else -> plane = CURRENT(lock[me]); cc = C_PIN
       fi
     }
  :: d_step { cc == C_READ_A -> seen = first[AT(me, plane)]; cc = C_READ_B }
  :: d_step {
       cc == C_READ_B ->
       assert(seen != 0 && second[AT(me, plane)] == seen); /* P3 */
       seen = 0;
       cc = C_UNPIN
     }
  :: d_step {
       cc == C_UNPIN ->
       pinned[me] = 0;
       pin[me] = 0;
       RETIRE(me, plane);
       plane = 0;
       cc = C_LOAD
     }
  od
}

