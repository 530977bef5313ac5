/*
 * Who copies a stripe: the home for a checkpoint, a reader, a rank that joins. Options of the loop
 * of the agent, included there. Part of stripe.pml.
 */

#ifdef CUTS
  /* ---- a checkpoint: locks each stripe, marks it, copies it, releases unchanged */
  :: d_step { pc == CUT_READ && FREE(lock[me]) -> x = lock[me]; pc = CUT_LOCKING;
#ifdef MUTANT_CUT_MARKED_BEFORE_LOCK
       cut[me] = 1; cutVersion[me] = VERSION(x)
#endif
     }
  :: d_step {
       pc == CUT_LOCKING ->
       if
       :: lock[me] == x -> x = ACQUIRE(x, 0, me, CURRENT(x)); lock[me] = x; pc = CUT_MARK
       :: else -> x = 0; pc = CUT_READ
       fi
     }
  :: d_step {
       pc == CUT_MARK ->
#ifndef MUTANT_CUT_MARKED_BEFORE_LOCK
       cut[me] = 1; cutVersion[me] = VERSION(x);
#endif
       pc = CUT_A
     }
  :: d_step { pc == CUT_A -> seen = first[AT(me, CURRENT(x))]; pc = CUT_B }
  :: d_step {
       pc == CUT_B ->
       assert(seen == second[AT(me, CURRENT(x))] && seen != 0); /* P3 */
       seen = 0; pc = CUT_RELEASE
     }
  :: d_step {
       pc == CUT_RELEASE ->
       assert(lock[me] == x);                            /* I1 */
       lock[me] = RELEASE(x); x = 0; pc = START
     }
#endif

  /* ---- every other reader: lock, copy the current plane in two steps, release unchanged */
  :: d_step { pc == CUT_BEFORE -> t = CUT(0); pc = READ_WORD }
  :: d_step {
       pc == READ_WORD ->
       y = lock[0];
       if
       :: !CONNECTED(me) -> y = 0; NOT_COPIED
       :: CONNECTED(me) && FREE(y) -> pc = READ_LOCKING
       :: else -> pc = HELD_A
       fi
     }
  :: d_step {
       pc == READ_LOCKING ->
       if
       :: lock[0] == y && CONNECTED(me) ->
          y = ACQUIRE(y, EPOCH(me), me, CURRENT(y)); lock[0] = y; pc = READ_A
       :: else -> y = 0; NOT_COPIED
       fi
     }
  :: d_step { pc == READ_A -> seen = first[AT(0, CURRENT(y))]; pc = READ_B }
  :: d_step {
       pc == READ_B ->
       whole = (seen == second[AT(0, CURRENT(y))] && seen != 0);
       pc = READ_RELEASE
     }
  :: d_step {
       pc == READ_RELEASE ->
       if
       :: lock[0] == y && CONNECTED(me) ->
          lock[0] = RELEASE(y); assert(whole) /* P3 */; COPIED
       :: else ->
#ifdef MUTANT_READER_KEEPS_COPY_OF_BROKEN_LOCK
          assert(whole);
#endif
          NOT_COPIED
       fi;
       y = 0; whole = 0; seen = 0
     }
  /* somebody holds the stripe: copies without a lock, and looks whether the plane is still current
     and at most a fence has raised the version */
  :: d_step { pc == HELD_A -> seen = first[AT(0, CURRENT(y))]; pc = HELD_B }
  :: d_step {
       pc == HELD_B ->
       whole = (seen == second[AT(0, CURRENT(y))] && seen != 0);
       pc = HELD_CHECK
     }
  :: d_step {
       pc == HELD_CHECK ->
       if
#ifdef MUTANT_READER_LOOKS_AT_PLANE_ONLY
       :: CURRENT(lock[0]) == CURRENT(y) && CONNECTED(me) ->
#else
       :: (CURRENT(lock[0]) == CURRENT(y) && ((VERSION(lock[0]) - VERSION(y)) & 15) <= 1
            && CONNECTED(me)) ->
#endif
          assert(whole) /* P3 */; COPIED
       :: else -> NOT_COPIED
       fi;
       y = 0; whole = 0; seen = 0
     }
#ifdef CUTS
  /* the set that the copy counts as part of: its number was the same before and after */
  :: d_step {
       pc == CUT_AFTER ->
       if
#ifndef MUTANT_JOINER_READS_CUT_ONCE
       :: t != CUT(0)
#endif
       :: else ->
          assert(t == 1 || cutVersion[0] == 16 || count <= cutVersion[0]); /* C2 */
          assert(t == 0 || count >= cutVersion[0])       /* C2 */
       fi;
       t = 0; count = 0; pc = START
     }
#endif
