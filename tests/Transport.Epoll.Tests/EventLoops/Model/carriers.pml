/*
 * Loops on a shared outer epoll instance, served by carriers (ReadyLoops, Carriers, EventLoop.RunShared). What a processor delays is wakeups.pml's, who
 * wins a callback lease.pml's; here memory is in order, and the question is who gets a loop, and whether anybody does.
 *
 * Proved, for every interleaving within the bounds below:
 *  - One thread drives a loop at a time, also when a callback loses it to another thread and returns later.
 *  - Each item is taken, once: no loop is left with work and nobody to serve it, whatever carriers leave meanwhile.
 *  - At least one carrier stays while a loop lives; when all have ended, all carriers end, and the last one closes the outer instance, which nobody uses after.
 *
 * The kernel: an event of a loop's own instance makes the loop ready if it is armed, which disarms it if it was armed for one event (EPOLLONESHOT); arming
 * looks whether there is an event. A carrier that is alone has armed the loops for all events, and arms none after its turn; it alone changes that, between
 * two turns or after a callback, or who takes its loop over does.
 *
 * ALONE begins with one carrier, else there are two.
 *
 * Seeded faults, each a -D switch: NOT_ONCE, ARMED_BLIND, NO_RECHECK, WORK_LEFT, LOST_ARMS, RETIRES_UNLOCKED, STOP_ONE, CLOSED_BY_FIRST; with ALONE,
 * ADDED_EARLY, DRIVEN_ARMED, ENTERS_UNASKED; ENDED_DRIVEN, ALONE_UNCHECKED, NOT_ARMED_ANEW; with CHANGES=2, WANTED_READ_TWICE.
 */

#define LOOPS 2
#define ITEMS(loop) (2 - (loop)) /* and after them the one that stops the loop */
#ifndef TAKE_OVERS
#define TAKE_OVERS 1
#endif
#ifndef CHANGES
#define CHANGES 1
#endif
#define NOBODY 255

/* The kernel's part. */
bit event[LOOPS], armed[LOOPS], once[LOOPS], ready[LOOPS], told;
#define IS_READY(loop) (ready[loop] && event[loop])
bit closed;

/* The loops' part. */
byte items[LOOPS]; /* what writers have left */
bit sleeping[LOOPS], stopped[LOOPS], in_callback[LOOPS];
byte running = LOOPS;

/* The carriers' part. */
#ifdef ALONE
#define CARRIERS 1
#else
#define CARRIERS 2
#endif
byte serving = CARRIERS, wanted = CARRIERS;
bit one_shot = CARRIERS > 1; /* ReadyLoops.IsOneShot */
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
        :: armed[loop] -> armed[loop] = !once[loop]; ready[loop] = 1
        :: else
        fi
#endif
    }
}

inline arm(which, for_once) {
    atomic {
        assert(!closed);
        once[which] = for_once;
#ifndef ARMED_BLIND
        if
        :: event[which] -> armed[which] = !for_once; ready[which] = 1
        :: else -> armed[which] = 1
        fi
#else
        armed[which] = 1
#endif
    }
}

inline arm_all(for_once) {
#ifndef NOT_ARMED_ANEW
    if
    :: !stopped[0] -> arm(0, for_once)
    :: else
    fi;
    if
    :: !stopped[1] -> arm(1, for_once)
    :: else
    fi
#else
    skip
#endif
}

/* Carriers.MakeRoom: while the loop is being driven. */
inline make_room(driven) {
    if
    :: !one_shot ->
#ifndef DRIVEN_ARMED
        atomic { once[driven] = 1; armed[driven] = 0; ready[driven] = 0 };
        if
        :: !stopped[1 - driven] -> arm(1 - driven, 1)
        :: else
        fi;
#else
        arm_all(1);
#endif
        one_shot = 1
    :: else
    fi
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
        :: IS_READY(0) -> ready[0] = 0; loop = 0
        :: IS_READY(1) -> ready[1] = 0; loop = 1
        :: !IS_READY(0) && !IS_READY(1) && told -> told = 0; goto done
        fi;
#ifndef ENDED_DRIVEN
        if
        :: stopped[loop] -> goto take
        :: else
        fi;
#endif
        assert(holder[loop] == NOBODY && !stopped[loop]);
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
        :: atomic { in_callback[loop] && holder[loop] == me -> in_callback[loop] = 0 };
            if
            :: make_room(loop) /* it was slow */
            :: 1
            fi
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
    if
    :: one_shot -> arm(loop, 1)
    :: else
    fi;

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

    /* Carriers.Run, TryStayAlone. */
    if
    :: one_shot && wanted == 1 ->
#ifdef WANTED_READ_TWICE
        if
        :: serving == 1 ->
            if
            :: wanted == 2 -> arm_all(1)
            :: else
            fi
        :: else
        fi;
#endif
#ifdef ALONE_UNCHECKED
        one_shot = 0; arm_all(0)
#else
        if
        :: atomic { serving == 1 -> one_shot = 0 }; arm_all(0)
        :: serving != 1
        fi
#endif
    :: !one_shot && wanted == 2 ->
#ifdef ADDED_EARLY
        one_shot = 1; arm_all(1)
#else
        arm_all(1); one_shot = 1
#endif
    :: else
    fi;
    goto take;

lost:
#ifdef LOST_ARMS
    arm(loop, 1);
#endif
    goto out;

done:
    leave();
out:
    skip
}

/* The watchdog: takes over from a callback, and changes the number of carriers. */
proctype Watchdog() {
    byte changes = CHANGES, added;

again:
    do
    :: take_overs < TAKE_OVERS && in_callback[0] ->
        atomic {
            if
            :: in_callback[0] && holder[0] != NOBODY -> in_callback[0] = 0; holder[0] = 10; take_overs++
            :: else -> goto again
            fi
        };
        make_room(0);
        run Carrier(10, 0)
    :: changes > 0 -> changes--;
        if
        :: wanted = 1
        :: wanted = 2
        fi
#ifdef ENTERS_UNASKED
    :: atomic { added < CHANGES && serving < wanted && !ended -> serving++; added++; run Carrier(20 + added, NOBODY) }
#endif
    :: atomic { added < CHANGES && serving < wanted && !ended && one_shot -> serving++; added++; run Carrier(20 + added, NOBODY) }
    :: changes == 0 -> break
    od
}

init {
    byte i;

    atomic {
        do
        :: i < LOOPS -> armed[i] = 1; once[i] = one_shot; sleeping[i] = 1; run Writer(i); i++
        :: else -> break
        od;
        run Carrier(1, NOBODY);
        if
        :: CARRIERS == 2 -> run Carrier(2, NOBODY)
        :: else
        fi;
        run Watchdog()
    };
    _nr_pr == 1;
    assert(taken[0] == ITEMS(0) + 1 && taken[1] == ITEMS(1) + 1);
    assert(running == 0 && closed)
}
