/*
 * SlowCallbackQueue: each callback is queued, counted, and a pool thread is asked for (passing.pml) that sees to a work item in the pool, a
 * ticket, for each one counted. A ticket runs the callback that has waited longest. A lent thread runs callbacks without tickets, whenever it
 * likes, and may leave at any time: nothing may depend on it. The ticket of a callback that it took is a spare one, which it counts then, and
 * the next callback can use. A ticket that finds the queue empty is a spare one and ends; or, if none is counted yet, it looks again.
 *
 * Proved, for every interleaving within the bounds below: no callback is left behind, each runs once, what is counted as spare at the end is
 * what the pool has left, and a ticket looks again only while there is a callback in the queue or one that a lent thread has not counted yet.
 *
 * The exchanges and the queues' own operations are full fences, so no delay of stores needs to be looked at. A callback left behind is a
 * thread of the pool that waits for ever, an invalid end state.
 *
 * Seeded faults, -D switches: COUNTED_LATE (a callback is counted after the thread was asked for), TAKEN_EARLY (the count is taken before the
 * thread says that it has come), NOT_SPARED (a lent thread does not count the spare one), SPARED_TWICE (a ticket that finds the queue empty
 * ends and leaves the count as it is), NO_SECOND_LOOK (it ends even if none is counted).
 */

#define ADDERS 3
#define POOL_THREADS 2

byte queue, unpassed, tickets, ran, spare, added;
byte uncounted; /* what lent threads took and have not counted */
byte ended; /* threads that run callbacks */
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
    unpassed++;
#endif
    added++
}

inline take() {
    queue--;
    ran++;
    assert(ran <= ADDERS)
}

inline end() {
    atomic {
        ended++;
        assert(ended <= POOL_THREADS || spare == tickets)
    }
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
        :: left > 0 ->
            if
            :: atomic { spare > 0 -> spare-- }
            :: atomic { spare == 0 -> tickets++ }
            fi;
            left--
        :: left == 0 -> break
        od
    :: atomic { tickets > 0 -> tickets-- };
look:   if
        :: atomic { queue > 0 -> take() }
        :: atomic { queue == 0 -> skip };
#ifndef SPARED_TWICE
            if
            :: atomic { spare > 0 -> spare-- }
#ifdef NO_SECOND_LOOK
            :: atomic { spare == 0 -> skip }
#else
            :: atomic { spare == 0 -> assert(queue + uncounted > 0) }; goto look
#endif
            fi
#endif
        fi
    :: ran == ADDERS && added == ADDERS && work == 0 && tickets == 0 -> break
    od;
    end()
}

active proctype LentThread() {
    do
    :: atomic { queue > 0 -> take(); uncounted++ };
        atomic {
            uncounted--;
#ifndef NOT_SPARED
            spare++
#endif
        }
    :: break
    od;
    end()
}
