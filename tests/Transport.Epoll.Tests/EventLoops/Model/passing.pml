/*
 * PoolRequest, as SlowCallbackQueue and PoolQueue use it: who adds and finds nobody asked for asks the pool for a thread, which takes all that
 * it finds.
 *
 * Proved, for every interleaving within the bounds below: nothing is left behind, each item is taken once.
 *
 * The exchange and the queue's own operations are full fences, so no delay of stores needs to be looked at. An item left behind is a
 * thread of the pool that waits for ever, an invalid end state.
 *
 * Seeded fault, a -D switch: ASKED_FOR_TOO_LONG.
 */

#define ADDERS 4
#define POOL_THREADS 2

byte queue, passed;
bit requested;
byte work; /* items of the pool's own queue */

active [ADDERS] proctype Adder() {
    bit was;
    queue++;
    atomic { was = requested; requested = 1 }
    if
    :: !was -> work++
    :: else
    fi
}

active [POOL_THREADS] proctype PoolThread() {
    do
    :: atomic { work > 0 -> work-- };
#ifndef ASKED_FOR_TOO_LONG
        requested = 0;
#endif
        do
        :: atomic { queue > 0 -> queue--; passed++; assert(passed <= ADDERS) }
        :: atomic { queue == 0 -> break }
        od;
#ifdef ASKED_FOR_TOO_LONG
        requested = 0
#endif
    :: passed == ADDERS && work == 0 -> break
    od
}
