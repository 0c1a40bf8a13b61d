/*
 * The lease of a loop: who drives it, and how a loop that is held up by a callback is taken over.
 *
 * Proved, for every interleaving within the bounds below (memory is sequentially consistent here; wakeups.pml has the store buffers):
 *  - At most one thread at a time is in code that a loop owns: BEGIN and END mark it, the watchdog between exchange and hand-over included.
 *  - Every item runs exactly once, on the loop or on the pool, and a callback that waits for a later item ends: no thread hangs in any end state.
 *    A lost take-over, event, wake-up or item, a watchdog asleep beside a stalled callback, and too few standbys are all such hangs.
 *  - That holds whether the standbys' threads start at once, later or never, and while those beyond the reserve end.
 *  - The watchdog marks the connection that it took the loop from.
 *  - The loops, the watchdog and the standbys end, also while callbacks are in progress.
 *
 * All threads end in this model, so a hang is an invalid end state, and no fairness has to be assumed. For that, a watchdog's tick that finds
 * nothing to do is no step. The first tick that sees a callback may take it over: three ticks are a matter of time, and any time is covered.
 * A step reads or writes shared state once; an atomic block is that, with what only its thread can see.
 *
 * Set-ups, each a -D switch: LOOPS (1 or 2), MAX_STANDBYS, NO_WAITS (no callback waits for another item), STARTED (no standby starts late).
 * Too large for each test run, but free of errors (gcc -DCOLLAPSE, 2 GB): "LOOPS=1 MAX_STANDBYS=2 STARTED" and "LOOPS=2 MAX_STANDBYS=3".
 * Seeded faults, a -D switch too, stand where they strike; LeaseModelTests.cs lists them.
 */

#ifndef LOOPS
#define LOOPS 1
#endif
#ifndef MAX_STANDBYS
#define MAX_STANDBYS LOOPS
#endif
#define THREADS (LOOPS + MAX_STANDBYS)
#define LAST (LOOPS - 1)
#define NONE 7

/*
 * Application items. One loop: 0 waits in the work queue, its callback posts 1, and a kernel event queues 2.
 * Two loops: 0 waits in the work queue of the first, 1 and 2 in that of the second.
 */
#define ITEMS 3
#define ALL ((1 << ITEMS) - 1)
#define STOP ITEMS
#if LOOPS == 1
#define POST_FIRST(item) if :: item == 0 -> work[0]!item :: else fi
#else
#define POST_FIRST(item) work[item > 0]!item
#endif

/*
 * The lease word.
 *  bits 0-1  state
 *  bits 2-7  sequence: + 1 with each callback and each take-over
 */
#define WAITING 0
#define RUNNING 1
#define IN_CALLBACK 2
#define STATE(word) ((word) & 3)
#define WITH(word, state) (((word) & 252) | (state))
#define NEXT_CALLBACK(word) WITH((word) + 4, IN_CALLBACK)
#define NEXT_EPOCH(word) WITH((word) + 4, RUNNING)

/* Shared. */
byte word[LOOPS];
bit sleeping[LOOPS], closed[LOOPS];
chan work[LOOPS] = [ITEMS + 1] of { byte };
bit eventFd[LOOPS], event[LOOPS]; /* edges that epoll_wait has yet to report */
byte current[LOOPS];
bit watchdogSleeps, watchdogSignal, watchdogEnding, watchdogEnded, standbysEnd;

/* The standby pool, under its lock. */
byte idle;
#ifdef COUNT_STARTABLE
byte inUse;
#endif
bit parked[THREADS];
byte handed[THREADS];

/* Lease holder only. */
chan ready[LOOPS] = [ITEMS] of { byte }; /* the run queue */
#ifdef POOL_HELD
byte held[LOOPS]; /* items for the pool, kept back until the end of the turn */
#endif
bit stopping[LOOPS];

/* The thread pool and the application: sets of items. */
byte pooled, started, done;
byte waits[ITEMS];

/* Only the proof looks at these. */
byte inside[LOOPS];
byte inCallback[LOOPS];

#define HAS(set, item) (((set) & (1 << (item))) != 0)
#define ADD(set, item) set = set | (1 << (item))
#define BEGIN(loop) assert(inside[loop] == 0); inside[loop]++
#define END(loop) inside[loop]--

#if defined(NO_RULE) /* inline even when nobody could take over */
#define MAY_RUN_INLINE true
#elif defined(RULE_ONE) /* as if the other loops could not need a standby too */
#define MAY_RUN_INLINE (idle >= 1)
#elif defined(COUNT_STARTABLE) /* as if each standby that is still allowed could be started when it is needed */
#define MAY_RUN_INLINE (MAX_STANDBYS - inUse >= LOOPS)
#else /* DriverThreads.HasReserve: even if all loops are held up at once, a thread that runs already waits for each */
#define MAY_RUN_INLINE (idle >= LOOPS)
#endif
#ifdef COUNT_STARTABLE
#define COUNT_OUSTED inUse++
#define COUNT_RETURNED inUse--
#else
#define COUNT_OUSTED skip
#define COUNT_RETURNED skip
#endif

/* After a long wait: the reserve stays, and so does a thread that is reserved. */
#ifdef RESERVE_LEAVES
#define MAY_LEAVE(me) parked[me]
#elif defined(RESERVED_LEAVES)
#define MAY_LEAVE(me) (idle > LOOPS)
#else
#define MAY_LEAVE(me) (parked[me] && idle > LOOPS)
#endif
#define LEAVE(me) if :: parked[me] -> parked[me] = 0; idle-- :: else fi

/* A callback in progress, and a standby for its loop: without one, a tick can do nothing. */
#ifdef UNRESERVED /* takes the lease first, and looks for a standby then */
#define STALLED(loop) (STATE(word[loop]) == IN_CALLBACK)
#else
#define STALLED(loop) (STATE(word[loop]) == IN_CALLBACK && idle > 0)
#endif

/* Sends an item to the thread pool. A turn that keeps it until its end may be cut short, and the next one then sleeps on it. */
#ifdef POOL_HELD
#define RUN_ON_POOL(loop, item) ADD(held[loop], item)
#define FLUSH(loop) pooled = pooled | held[loop]; held[loop] = 0
#else
#define RUN_ON_POOL(loop, item) ADD(pooled, item)
#define FLUSH(loop) skip
#endif

/* EventLoop.Post from a foreign thread or from a callback. */
inline post(item, loop, x) {
    work[loop]!item;
    atomic {
        if
        :: sleeping[loop] -> sleeping[loop] = 0; eventFd[loop] = 1
        :: else
        fi
    };
#ifndef CLOSED_UNSEEN
    atomic {
        if
        :: closed[loop] ->
            do
            :: len(work[loop]) > 0 -> work[loop]?x; ADD(pooled, x)
            :: else -> x = 0; break
            od
        :: else
        fi
    }
#endif
}

inline start(item) {
    assert(!HAS(started, item));
    ADD(started, item)
}

/* What the application does: it may post, and wait for as long as it likes. */
inline call(item, x) {
#if LOOPS == 1
    if
    :: item == 0 -> post(1, 0, x)
    :: else
    fi;
#endif
    atomic { (waits[item] == NONE || HAS(done, waits[item])) -> ADD(done, item) }
}

/* What epoll_wait reports goes to the handlers; their continuations are application items of the run queue. */
inline take_events(loop) {
    eventFd[loop] = 0;
    if
    :: event[loop] -> event[loop] = 0; ready[loop]!2
    :: else
    fi
}

inline drain_work(loop, x) {
    do
    :: len(work[loop]) > 0 ->
        work[loop]?x;
        if
        :: x == STOP -> stopping[loop] = 1
        :: else -> ready[loop]!x
        fi
    :: else -> x = 0; break
    od
}

/* A thread that drives a loop, or is parked. */
proctype Thread(byte me; byte loop) {
    byte item, left, mine, x;

    if
    :: loop != NONE -> atomic { BEGIN(loop); take_events(loop) }; goto awake /* a loop that starts has to wake the watchdog, like one that leaves its wait */
    :: else ->
#ifndef STARTED
        atomic { parked[me] = 1; idle++ } /* at any time */
#endif
    fi;

park:
    atomic {
        if
        :: handed[me] != NONE -> loop = handed[me]; handed[me] = NONE; BEGIN(loop)
        :: standbysEnd && parked[me] -> goto gone
        :: MAY_LEAVE(me) -> LEAVE(me); goto gone
        fi
    };

turn:
    atomic {
        if
        :: stopping[loop] -> goto close
        :: else
        fi;
        if
        :: len(ready[loop]) > 0 || len(work[loop]) > 0 -> take_events(loop); goto turning
        :: else
        fi
    };
    sleeping[loop] = 1;
#ifndef NO_RECHECK
    atomic {
        if
        :: len(work[loop]) > 0 -> goto rising
        :: else
        fi
    };
#endif
    word[loop] = WITH(word[loop], WAITING);
    atomic { (event[loop] || eventFd[loop]) -> take_events(loop) };

awake:
    word[loop] = WITH(word[loop], RUNNING);
#if LOOPS == 1 && !defined(WATCHDOG_LEFT_ASLEEP)
    atomic {
        if
        :: watchdogSleeps -> watchdogSleeps = 0; watchdogSignal = 1
        :: else
        fi
    };
#endif

rising:
    sleeping[loop] = 0;

turning:
    atomic {
        drain_work(loop, x);
        FLUSH(loop);
        left = len(ready[loop])
    };
    do
    :: left == 0 -> break
    :: left > 0 ->
        atomic {
            ready[loop]?item;
            left--;
            if
            :: MAY_RUN_INLINE
            :: else -> RUN_ON_POOL(loop, item); item = 0; goto next
            fi;
#ifndef CURRENT_LATE
            current[loop] = item
#endif
        };
        atomic {
            start(item);
            END(loop);
            inCallback[loop] = item;
            mine = NEXT_CALLBACK(word[loop]);
            word[loop] = mine
        };
#ifdef CURRENT_LATE
        current[loop] = item;
#endif
        call(item, x);
        atomic {
            item = 0;
            if
#ifdef LEAVE_PLAIN
            :: true
#else
            :: word[loop] == mine
#endif
                -> BEGIN(loop); word[loop] = WITH(mine, RUNNING); mine = 0; inCallback[loop] = 0; current[loop] = 0
            :: else
                -> mine = 0; left = 0; loop = NONE; COUNT_RETURNED; idle++; parked[me] = 1; goto park
            fi
        };
next:   skip
    od;
    atomic { drain_work(loop, x); FLUSH(loop) };
    goto turn;

close:
    closed[loop] = 1;
    sleeping[loop] = 0;
    atomic {
        do
        :: len(work[loop]) > 0 -> work[loop]?x; ADD(pooled, x)
        :: len(ready[loop]) > 0 -> ready[loop]?x; ADD(pooled, x)
        :: else -> x = 0; break
        od
    };
    atomic { word[loop] = WITH(word[loop], WAITING); END(loop) }; /* a closed loop keeps no watchdog awake */

gone:
    skip
}

/* The thread pool has a thread for every item. */
proctype Pool(byte item) {
    byte x;

    if
    :: atomic { HAS(pooled, item) -> start(item) }; call(item, x)
    :: HAS(done, item)
    fi
}

/* Pops a parked standby, or none. */
inline reserve(standby) {
    standby = 0;
    do
    :: standby == THREADS -> standby = NONE; break
    :: standby < THREADS && parked[standby] -> parked[standby] = 0; idle--; break
    :: standby < THREADS && !parked[standby] -> standby++
    od
}

proctype Watchdog() {
    byte saw, loop, standby;
    bit taken;

tick:
    atomic {
        if
        :: watchdogEnding -> goto ended
        :: STALLED(0) -> loop = 0
        :: STALLED(LAST) -> loop = LAST
#if LOOPS == 1 /* with two loops it stays awake here: wakeups.pml has both */
        :: !watchdogEnding && STATE(word[0]) == WAITING -> goto sleep
#endif
        fi;
        saw = word[loop];
#ifndef UNRESERVED
        reserve(standby)
#endif
    };
    atomic {
        taken = (word[loop] == saw);
#ifdef TAKE_PLAIN
    };
    atomic {
#endif
        if
        :: taken -> word[loop] = NEXT_EPOCH(saw); BEGIN(loop); assert(current[loop] == inCallback[loop]); current[loop] = 0; inCallback[loop] = 0
        :: else
        fi
    };
    atomic {
        if
        :: taken ->
#ifdef UNRESERVED
            reserve(standby);
#endif
            END(loop);
            COUNT_OUSTED;
            if
            :: standby != NONE -> handed[standby] = loop
            :: else /* nobody drives the loop any more */
            fi
        :: else ->
#ifndef UNRESERVED
            parked[standby] = 1; idle++
#endif
        fi;
        saw = 0; loop = 0; standby = 0; taken = 0
    };
    goto tick;

#if LOOPS == 1
sleep:
    watchdogSleeps = 1;
#ifndef NO_REREAD
    if
    :: STATE(word[0]) == WAITING
    :: else ->
        atomic {
            if
            :: watchdogSleeps -> watchdogSleeps = 0
            :: else -> watchdogSignal -> watchdogSignal = 0
            fi;
            goto tick
        }
    fi;
#endif
    atomic { watchdogSignal -> watchdogSignal = 0 };
    goto tick;
#endif

ended:
    watchdogEnded = 1
}

#if LOOPS == 1
proctype Kernel() {
    event[0] = 1
}
#endif

/* The group: starts everything, stops the loops at any time, then ends the watchdog, then the standbys. */
init {
    byte i, x;

    atomic {
        /* A callback waits for none or for one later item; with two loops all wait for the last. What waits in a circle hangs on any transport. */
        do
        :: i == ITEMS -> i = 0; break
        :: i < ITEMS ->
            waits[i] = NONE;
            POST_FIRST(i);
#ifndef NO_WAITS
#if LOOPS == 1
            x = i + 1;
            do
            :: x >= ITEMS -> break
            :: x < ITEMS -> x++
            :: x < ITEMS -> waits[i] = x; break
            od;
            x = 0;
#else
            if
            :: i < ITEMS - 1 -> waits[i] = ITEMS - 1
            :: else
            fi;
#endif
#endif
            i++
        od;
        do
        :: i == THREADS -> i = 0; break
        :: i < LOOPS -> handed[i] = NONE; run Thread(i, i); i++
        :: i >= LOOPS && i < THREADS ->
            handed[i] = NONE; run Thread(i, NONE);
#ifdef STARTED
            parked[i] = 1; idle++;
#endif
            i++
        :: i >= LOOPS && i < THREADS -> i = 0; break /* no further thread can be started, ever */
        od;
        do
        :: i == ITEMS -> i = 0; break
        :: i < ITEMS -> run Pool(i); i++
        od;
        run Watchdog();
#if LOOPS == 1
        run Kernel()
#endif
    };
#if LOOPS == 1
    HAS(done, 2); /* a loop that has connections does not end */
#else
    done == ALL;
#endif
#ifdef WATCHDOG_ENDS_FIRST
    atomic { watchdogEnding = 1; watchdogSignal = 1 };
    watchdogEnded;
#endif
    post(STOP, 0, x);
#if LOOPS == 2
    post(STOP, 1, x);
#endif
    (closed[0] && closed[LAST]);
    atomic { watchdogEnding = 1; watchdogSignal = 1 };
    watchdogEnded;
    standbysEnd = 1;
    (_nr_pr == 1);
    assert(done == ALL)
}
