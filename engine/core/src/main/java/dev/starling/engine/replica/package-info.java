/**
 * One worker's replica of the model and the words that guard it: the region's layout, the lock word
 * of every stripe, the snapshot pin, and what the home does about a holder that died or hangs.
 *
 * <pre>
 *  region (one file per worker)
 *  +--------+----------+-------------+-----------+--------------+---------------+-------------------+-------------+
 *  | header | counters | attachments | pairings  | stripe table | control       | data              | reserve     |
 *  | 4 KiB  | 8 KiB    | 64 B a peer | 32 B each | 32 B each    | 128 B a stripe| planes 0 1 2 of   | plane 3 of  |
 *  |        |          |             |           |              |               | stripe 0, 1, ...  | each stripe |
 *  +--------+----------+-------------+-----------+--------------+---------------+-------------------+-------------+
 *  control line of a stripe
 *  +--------------------------------+--------------------------------+
 *  | +0   lock word (8 B)           | +64  pin (4 B)                 |
 *  |                                | +68  quarantined planes (4 B)  |
 *  +--------------------------------+--------------------------------+
 * </pre>
 *
 * <p>Threads: the lock word is changed by anyone, only by compare-and-swap; the pin by the home's
 * compute thread, the quarantine mask by the home's communication agent, both only by plain stores
 * with release or full fences.
 *
 * <p>Invariants: I1 one holder per stripe; I2 a published plane is never written again until it is
 * neither current, pinned nor quarantined; I3 the version rises by exactly one per publish or
 * fence.
 */
package dev.starling.engine.replica;
