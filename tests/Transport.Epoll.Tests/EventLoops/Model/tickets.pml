/*
 * SlowCallbackQueue: each callback is queued, counted, and a pool thread is asked for (passing.pml) that queues a work item, a ticket, for each
 * one counted. A ticket runs the callback that has waited longest, and none if the queue is empty. A lent thread runs callbacks without
 * tickets, whenever it likes, and may leave at any time: nothing may depend on it.
 *
 * Proved, for every interleaving within the bounds below: no callback is left behind, each runs once.
 *
 * The exchanges and the queues' own operations are full fences, so no delay of stores needs to be looked at. A callback left behind is a
 * thread of the pool that waits for ever, an invalid end state.
 *
 * Seeded faults, -D switches: COUNTED_LATE (a callback is counted after the thread was asked for), TAKEN_EARLY (the count is taken before the
 * thread says that it has come).
 */

#define ADDERS 3
#define POOL_THREADS 2

byte queue, unpassed, tickets, ran;
bit requested;
byte work; /* items of the pool's own queue */

active [ADDERS] proctype Adder() {
    bit was;
    queue++;
#ifndef COUNTED_LATE
    unpassed++;
#endif
    atomic { was = requested; requested = 1 }
    if
    :: !was -> work++
    :: else
    fi
#ifdef COUNTED_LATE
    unpassed++
#endif
}

inline take() {
    queue--;
    ran++;
    assert(ran <= ADDERS)
}

active [POOL_THREADS] proctype PoolThread() {
    byte left;
    do
    :: atomic { work > 0 -> work-- };
#ifndef TAKEN_EARLY
        requested = 0;
#endif
        atomic { left = unpassed; unpassed = 0 };
#ifdef TAKEN_EARLY
        requested = 0;
#endif
        do
        :: left > 0 -> tickets++; left--
        :: left == 0 -> break
        od
    :: atomic { tickets > 0 -> tickets-- };
        if
        :: atomic { queue > 0 -> take() }
        :: atomic { queue == 0 }
        fi
    :: ran == ADDERS && work == 0 && tickets == 0 -> break
    od
}

active proctype LentThread() {
    do
    :: atomic { queue > 0 -> take() }
    :: break
    od
}
