/*
 * Loops on a shared outer epoll instance, served by carriers (ReadyLoops, Carriers, EventLoop.RunShared). What a processor delays is wakeups.pml's, who
 * wins a callback lease.pml's; here memory is in order, and the question is who gets a loop, and whether anybody does.
 *
 * Proved, for every interleaving within the bounds below:
 *  - One thread drives a loop at a time, also when a callback loses it to another thread and returns later.
 *  - Each item is taken, once: no loop is left with work and nobody to serve it, whatever carriers leave meanwhile.
 *  - At least one carrier stays while a loop lives; when all have ended, all carriers end, and the last one closes the outer instance, which nobody uses after.
 *
 * The kernel: an event of a loop's own instance makes the loop ready if it is armed, which disarms it (EPOLLONESHOT); arming looks whether there is an event.
 *
 * Seeded faults, each a -D switch: NOT_ONCE, ARMED_BLIND, NO_RECHECK, WORK_LEFT, LOST_ARMS, RETIRES_UNLOCKED, STOP_ONE, CLOSED_BY_FIRST.
 */

#define LOOPS 2
#define ITEMS(loop) (2 - (loop)) /* and after them the one that stops the loop */
#define TAKE_OVERS 1
#define NOBODY 255

/* The kernel's part. */
bit event[LOOPS], armed[LOOPS], ready[LOOPS], told;
bit closed;

/* The loops' part. */
byte items[LOOPS]; /* what writers have left */
bit sleeping[LOOPS], stopped[LOOPS], in_callback[LOOPS];
byte running = LOOPS;

/* The carriers' part. */
byte serving = 2, wanted = 2;
bit ended;

/* Only the proof looks at these. */
byte holder[LOOPS] = NOBODY;
byte taken[LOOPS], take_overs, gone[LOOPS];

inline signal(loop) {
    atomic {
        event[loop] = 1;
#ifdef NOT_ONCE
        ready[loop] = 1
#else
        if
        :: armed[loop] -> armed[loop] = 0; ready[loop] = 1
        :: else
        fi
#endif
    }
}

inline arm(loop) {
    atomic {
        assert(!closed);
#ifndef ARMED_BLIND
        if
        :: event[loop] -> ready[loop] = 1
        :: else -> armed[loop] = 1
        fi
#else
        armed[loop] = 1
#endif
    }
}

inline leave() {
    atomic {
        ended = 1;
        serving--;
#ifdef CLOSED_BY_FIRST
        closed = 1;
#else
        if
        :: serving == 0 -> closed = 1
        :: else
        fi;
#endif
#ifndef STOP_ONE
        told = 1
#endif
    }
}

proctype Writer(byte loop) {
    byte left = ITEMS(loop) + 1;

    do
    :: left > 0 ->
        if
        :: left == 1 -> atomic { items[loop]++; gone[loop] = 1 } /* Stop */
        :: else -> items[loop]++
        fi;
        left--;
        if
        :: atomic { sleeping[loop] -> sleeping[loop] = 0 }; signal(loop)
        :: else
        fi
    :: else -> break
    od
}

/* held: a loop that was taken over, or NOBODY. */
proctype Carrier(byte me; byte held) {
    byte loop;
    bit has_work;

take:
    if
    :: held != NOBODY -> loop = held; held = NOBODY; goto turn
    :: else
    fi;
    atomic {
        assert(!closed);
        if
        :: ready[0] -> ready[0] = 0; loop = 0
        :: ready[1] -> ready[1] = 0; loop = 1
        :: !ready[0] && !ready[1] && told -> told = 0; goto done
        fi;
        assert(holder[loop] == NOBODY);
        holder[loop] = me;
        sleeping[loop] = 0
    };

turn:
    event[loop] = 0;
    if
    :: atomic { items[loop] > 0 && (items[loop] > 1 || !gone[loop]) -> items[loop]--; taken[loop]++ };
        /* It is an application item: the lease may be lost in it. */
        in_callback[loop] = 1;
        if
        :: atomic { in_callback[loop] && holder[loop] == me -> in_callback[loop] = 0 }
        :: holder[loop] != me -> goto lost
        fi
    :: atomic { items[loop] == 1 && gone[loop] -> items[loop] = 0; taken[loop]++; stopped[loop] = 1 }
    :: items[loop] == 0
    fi;
    if
    :: stopped[loop] ->
        atomic {
            holder[loop] = NOBODY;
            running--;
            if
            :: running == 0 -> told = 1
            :: else
            fi
        };
        goto next
    :: else
    fi;

    /* EventLoop.Release; a turn's share is one item, so there may be work left. */
    sleeping[loop] = 1;
    has_work = 0;
#ifndef NO_RECHECK
    if
    :: items[loop] > 0 -> sleeping[loop] = 0; has_work = 1
    :: else
    fi;
#endif
    holder[loop] = NOBODY;
#ifndef WORK_LEFT
    if
    :: has_work -> signal(loop)
    :: else
    fi;
#endif
    arm(loop);

next:
#ifdef RETIRES_UNLOCKED
    if
    :: serving > wanted -> serving--; goto out
    :: else
    fi;
    assert(serving > 0 || running == 0);
#else
    if
    :: atomic { serving > wanted -> serving-- }; goto out
    :: else
    fi;
#endif
    goto take;

lost:
#ifdef LOST_ARMS
    arm(loop);
#endif
    goto out;

done:
    leave();
out:
    skip
}

/* The watchdog: takes over from a callback, and changes the number of carriers. */
proctype Watchdog() {
    byte changes = 1;

    do
    :: take_overs < TAKE_OVERS && in_callback[0] ->
        atomic {
            if
            :: in_callback[0] && holder[0] != NOBODY -> in_callback[0] = 0; holder[0] = 10; take_overs++; run Carrier(10, 0)
            :: else
            fi
        }
    :: changes > 0 -> changes--;
        if
        :: wanted = 1
        :: wanted = 2
        fi;
        atomic {
            if
            :: serving < wanted && !ended -> serving++; run Carrier(20 + changes, NOBODY)
            :: else
            fi
        }
    :: changes == 0 -> break
    od
}

init {
    byte i;

    atomic {
        do
        :: i < LOOPS -> armed[i] = 1; sleeping[i] = 1; run Writer(i); i++
        :: else -> break
        od;
        run Carrier(1, NOBODY);
        run Carrier(2, NOBODY);
        run Watchdog()
    };
    _nr_pr == 1;
    assert(taken[0] == ITEMS(0) + 1 && taken[1] == ITEMS(1) + 1);
    assert(running == 0 && closed)
}
