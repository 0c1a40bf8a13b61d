/*
 * Who sleeps and who wakes it, on a processor that delays stores. In three places two threads each store something and then look at what the
 * other one stores: a loop that falls asleep or ends and its writers (set-up without WATCHDOG), the watchdog that falls asleep and loops that
 * wake up (set-up WATCHDOG).
 *
 * Proved, for every interleaving and every delay of stores within the bounds below:
 *  - No item is left to a loop that sleeps or has ended; each is taken exactly once, by the loop or, after its end, for the pool.
 *  - The watchdog sees every callback: here a callback ends only when the watchdog has seen it, so a watchdog that sleeps on is a hang.
 *  - Plain (volatile) stores are enough for in-callback, for waiting, and for setting the loop's flag back.
 *
 * Each thread has a buffer of two stores, which reach the memory in their order, each at any later time (x86-TSO). An interlocked operation
 * or a full fence waits until the buffer is empty; nothing else does, system calls included. No thread reads what it has in its own buffer.
 * All threads end, so a hang is an invalid end state.
 *
 * Seeded faults, each a -D switch: NO_LOOP_FENCE, NO_WRITER_FENCE, NO_CLOSE_FENCE; with WATCHDOG: NO_AWAKE_FENCE, NO_WATCHDOG_FENCE.
 */

#ifdef WATCHDOG
#define LOOPS 2
#define CALLBACKS 2 /* of each loop, after as many waits */
#define WATCHER LOOPS
#define THREADS (LOOPS + 1)
#else
#define LOOPS 1
#define ITEMS 3 /* each with a writer of its own; the last one stops the loop */
#define STOP (ITEMS - 1)
#define WRITER(item) (LOOPS + (item))
#define THREADS (LOOPS + ITEMS)
#endif

#define WAITING 0
#define RUNNING 1
#define IN_CALLBACK 2

/* Addresses. */
#ifdef WATCHDOG
#define WORD(loop) (loop)
#define WATCHDOG_SLEEPS LOOPS
#define ADDRESSES (LOOPS + 1)
#else
#define ITEM(item) (item)
#define SLEEPING ITEMS
#define CLOSED (ITEMS + 1)
#define ADDRESSES (ITEMS + 2)
#endif

byte memory[ADDRESSES];
chan buffer[THREADS] = [2] of { byte, byte };

/* The kernel's part: what epoll_wait has yet to report. */
bit event[LOOPS];

#define READ(address) memory[address]
#define STORE(thread, address, value) buffer[thread]!address, value
#define FENCE(thread) empty(buffer[thread])
#define EXCHANGE(thread, address, value, old) atomic { empty(buffer[thread]) -> old = memory[address]; memory[address] = value }

/* The oldest store of one thread's buffer becomes visible. */
proctype Memory(byte thread) {
    byte address, value;

end:
    do
    :: atomic { buffer[thread]?address, value -> memory[address] = value; address = 0; value = 0 }
    od
}

#ifdef WATCHDOG

bit signal, ending;

/* Only the proof looks at these. */
bit seen[LOOPS];
byte ended;

/* EventPoller.Block and a callback after it, again and again. */
proctype Loop(byte loop) {
    byte left, x;

    left = CALLBACKS;
    do
    :: left > 0 ->
        STORE(loop, WORD(loop), WAITING);
        atomic { event[loop] -> event[loop] = 0 };
#ifdef NO_AWAKE_FENCE
        STORE(loop, WORD(loop), RUNNING);
#else
        EXCHANGE(loop, WORD(loop), RUNNING, x);
#endif
        if
        :: READ(WATCHDOG_SLEEPS) ->
            EXCHANGE(loop, WATCHDOG_SLEEPS, 0, x);
            if
            :: x -> signal = 1
            :: else
            fi
        :: else
        fi;
        STORE(loop, WORD(loop), IN_CALLBACK);
        atomic { seen[loop] && empty(buffer[loop]) -> seen[loop] = 0; memory[WORD(loop)] = RUNNING; left--; x = 0 }
    :: else -> break
    od;
    STORE(loop, WORD(loop), WAITING);
    ended++
}

proctype Kernel(byte loop) {
    byte left = CALLBACKS;

    do
    :: left > 0 -> atomic { !event[loop] -> event[loop] = 1; left-- }
    :: else -> break
    od
}

#define CAN_BE_SEEN(loop) (READ(WORD(loop)) == IN_CALLBACK && !seen[loop])

proctype Watchdog() {
    byte x;

tick:
    atomic {
        x = 0;
        if
        :: ending -> goto gone
        :: CAN_BE_SEEN(0) -> seen[0] = 1; goto tick
        :: CAN_BE_SEEN(1) -> seen[1] = 1; goto tick
        :: !ending /* it has read the words at different times, so it may always believe that all of them wait */
        fi
    };
#ifdef NO_WATCHDOG_FENCE
    STORE(WATCHER, WATCHDOG_SLEEPS, 1);
#else
    EXCHANGE(WATCHER, WATCHDOG_SLEEPS, 1, x);
#endif
    if
    :: READ(WORD(0)) == WAITING
    :: else -> goto stay_awake
    fi;
    if
    :: READ(WORD(1)) == WAITING
    :: else -> goto stay_awake
    fi;
    atomic { signal -> signal = 0 };
    goto tick;

stay_awake:
    EXCHANGE(WATCHER, WATCHDOG_SLEEPS, 0, x);
    if
    :: x
    :: else -> atomic { signal -> signal = 0 } /* a loop is raising it right now: take that */
    fi;
    goto tick;

gone:
    skip
}

init {
    byte i;

    atomic {
        do
        :: i < THREADS -> run Memory(i); i++
        :: else -> i = 0; break
        od;
        do
        :: i < LOOPS -> memory[WORD(i)] = RUNNING; run Loop(i); run Kernel(i); i++
        :: else -> break
        od;
        run Watchdog()
    };
    ended == LOOPS;
    atomic { ending = 1; signal = 1 };
    _nr_pr == THREADS + 1
}

#else

/* Only the proof looks at these. */
bit taken[ITEMS];

/* Takes an item, if it is there and nobody else has; x says so. */
inline dequeue(thread, item, x) {
    x = 0;
    if
    :: READ(ITEM(item)) ->
        atomic {
            empty(buffer[thread]) ->
            x = memory[ITEM(item)];
            memory[ITEM(item)] = 0;
            if
            :: x -> assert(!taken[item]); taken[item] = 1
            :: else
            fi
        }
    :: else
    fi
}

inline drain_to_pool(thread, i, x) {
    i = 0;
    do
    :: i < ITEMS -> dequeue(thread, i, x); i++
    :: else -> i = 0; x = 0; break
    od
}

proctype Loop(byte loop) {
    byte i, x;
    bit stopping;

turn:
    do
    :: i < ITEMS ->
        dequeue(loop, i, x);
        if
        :: x && i == STOP -> stopping = 1
        :: else
        fi;
        i++
    :: else -> i = 0; x = 0; break
    od;
    if
    :: stopping -> goto close
    :: else
    fi;
#ifdef NO_LOOP_FENCE
    STORE(loop, SLEEPING, 1);
#else
    EXCHANGE(loop, SLEEPING, 1, x);
#endif
    x = 0;
    if
    :: READ(ITEM(0)) || READ(ITEM(1)) || READ(ITEM(2))
    :: else -> atomic { event[loop] -> event[loop] = 0 }
    fi;
    STORE(loop, SLEEPING, 0);
    goto turn;

close:
    STORE(loop, CLOSED, 1);
#ifndef NO_CLOSE_FENCE
    FENCE(loop);
#endif
    STORE(loop, SLEEPING, 0);
    drain_to_pool(loop, i, x)
}

proctype Writer(byte item) {
    byte i, x;

    STORE(WRITER(item), ITEM(item), 1);
#ifndef NO_WRITER_FENCE
    FENCE(WRITER(item));
#endif
    if
    :: READ(SLEEPING) ->
        EXCHANGE(WRITER(item), SLEEPING, 0, x);
        if
        :: x -> event[0] = 1
        :: else
        fi
    :: else
    fi;
    if
    :: READ(CLOSED) -> drain_to_pool(WRITER(item), i, x)
    :: else
    fi
}

init {
    byte i;

    atomic {
        do
        :: i < THREADS -> run Memory(i); i++
        :: else -> i = 0; break
        od;
        run Loop(0);
        do
        :: i < ITEMS -> run Writer(i); i++
        :: else -> i = 0; break
        od
    };
    _nr_pr == THREADS + 1;
    do
    :: i < ITEMS -> assert(taken[i]); i++
    :: else -> break
    od
}

#endif
