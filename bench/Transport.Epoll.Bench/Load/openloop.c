// Open-loop HTTP/1.1 load: requests come when they come (a Poisson process), whatever the server is doing. When each one is due is settled before
// the first is sent, and its time counts from then: a server that stalls finds all that fell due meanwhile waiting, each with its own wait.
// Each connection is a user of its own: a request falls to a random one and waits behind those that it already has. One thread that sleeps.
//
// usage: openloop PORT PATH CONNECTIONS RATE SECONDS SEED GRACE [PATH RATE CONNECTIONS]
//
// RATE is requests a second over all connections, GRACE the seconds that the last answers may take. The last three describe a second load beside the
// first one; CONNECTIONS 0 opens a new one for each of its requests. It writes "connected" when each connection has had an answer to PATH, waits for
// a line (or the end) of its input, writes "done" after the last answer, waits again, and then writes a line for each request:
// LOAD (0 or 1), and in nanoseconds since the beginning when it was DUE, when that was NOTICED, and when the answer was complete: DONE, -1 if it never was.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NONE (-1)
#define HEAD 4096
#define EVENTS 256

struct request { int64_t due, noticed, done; int load, connection, next; };

struct connection {
    int fd, load, once;      // once: closed after its answer
    int connecting;
    int first, last;         // requests that it has to do; the first one is in flight
    size_t length;           // of the head, while that is incomplete
    int64_t body;            // what is still to come of the body; NONE while the head is incomplete
    char head[HEAD];
};

static struct load { char text[1024]; size_t length; double rate; int connections, first; } loads[2];
static struct request *requests;
static struct connection *connections;
static int request_count, connection_count, epoll, unanswered;
static struct sockaddr_in server;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// splitmix64: any seed gives an independent stream.
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double next_gap(uint64_t *state, double rate) { // exponential; 1 - u is never 0
    return -log(1 - (double)(next_random(state) >> 11) * 0x1p-53) / rate;
}

static int by_due(const void *a, const void *b) {
    int64_t x = ((const struct request *)a)->due, y = ((const struct request *)b)->due;
    return x < y ? -1 : x > y;
}

static void schedule(double seconds, uint64_t seed) {
    int capacity = 0;
    for (int load = 0; load < 2; load++) {
        uint64_t gaps = seed * 4 + (uint64_t)load, users = seed * 4 + 2 + (uint64_t)load;
        if (loads[load].rate <= 0) continue;
        for (double t = next_gap(&gaps, loads[load].rate); t < seconds; t += next_gap(&gaps, loads[load].rate)) {
            if (request_count == capacity && !(requests = realloc(requests, (size_t)(capacity = capacity * 2 + 1024) * sizeof *requests))) fail("realloc");
            int user = loads[load].connections ? loads[load].first + (int)(next_random(&users) % (uint64_t)loads[load].connections) : NONE;
            requests[request_count++] = (struct request){ .due = (int64_t)(t * 1e9), .done = -1, .load = load, .connection = user, .next = NONE };
        }
    }
    qsort(requests, (size_t)request_count, sizeof *requests, by_due);
}

// A connection that is gone answers nothing any more: its requests stay without an answer.
static void give_up(struct connection *c, const char *why) {
    static int said;
    if (!said++) fprintf(stderr, "%s\n", why);
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    for (; c->first != NONE; c->first = requests[c->first].next) unanswered--;
}

static void watch(struct connection *c, int operation, uint32_t events) {
    struct epoll_event event = { .events = events, .data.ptr = c };
    if (epoll_ctl(epoll, operation, c->fd, &event) < 0) fail("epoll_ctl");
}

static void ask(struct connection *c, struct load *load) {
    c->length = 0;
    c->body = NONE;
    if (send(c->fd, load->text, load->length, MSG_NOSIGNAL) != (ssize_t)load->length) give_up(c, "a request can't be sent");
}

static void open_connection(struct connection *c, int load, int once) {
    int on = 1;
    *c = (struct connection){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), .load = load, .once = once, .connecting = 1, .first = NONE, .last = NONE };
    if (c->fd < 0) fail("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(c->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS) fail("connect");
    watch(c, EPOLL_CTL_ADD, EPOLLOUT);
}

// Reads the status and the length of the body; 0 if this is not the answer that was asked for.
static int read_head(struct connection *c, size_t end) {
    static const char expected[] = "HTTP/1.1 200";
    c->head[end] = 0;
    char *field = strcasestr(c->head, "\r\ncontent-length:");
    if (strncmp(c->head, expected, sizeof expected - 1) != 0 || !field) return 0;
    c->body = strtoll(field + strlen("\r\ncontent-length:"), NULL, 10);
    return 1;
}

// What came in answers the request in flight. Returns 1 when the answer is complete; gives the connection up if it is not one.
static int take(struct connection *c, const char *in, size_t received) {
    if (c->body == NONE) {
        size_t old = c->length, free_space = HEAD - 1 - old, copied = received < free_space ? received : free_space;
        memcpy(c->head + old, in, copied);
        c->length += copied;
        char *end = memmem(c->head, c->length, "\r\n\r\n", 4);
        if (!end) {
            if (c->length == HEAD - 1) give_up(c, "an answer's head is too long");
            return 0;
        }
        size_t head = (size_t)(end - c->head) + 4;
        if (!read_head(c, head - 2)) {
            give_up(c, "an answer is not 200 with a length");
            return 0;
        }
        received -= head - old;
    }
    if ((int64_t)received > c->body) {
        give_up(c, "an answer is longer than it says");
        return 0;
    }
    c->body -= (int64_t)received;
    return c->body == 0;
}

static void receive(struct connection *c, int64_t begin) {
    static char in[65536];
    ssize_t received = recv(c->fd, in, sizeof in, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0 || c->first == NONE) {
        give_up(c, received > 0 ? "an answer to nothing" : received < 0 ? "a connection was reset" : "a connection was closed");
        return;
    }
    if (!take(c, in, (size_t)received)) return;
    struct request *r = &requests[c->first];
    r->done = now() - begin;
    unanswered--;
    c->first = r->next;
    if (c->once) {
        close(c->fd);
        c->fd = -1;
    } else if (c->first != NONE) {
        ask(c, &loads[c->load]);
    }
}

static void handle(struct epoll_event *event, int64_t begin) {
    struct connection *c = event->data.ptr;
    if (c->fd < 0) return; // given up earlier in this batch
    if (c->connecting) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) {
            give_up(c, "a connection can't be opened");
            return;
        }
        c->connecting = 0;
        watch(c, EPOLL_CTL_MOD, EPOLLIN);
        if (c->first != NONE) ask(c, &loads[c->load]);
        return;
    }
    receive(c, begin);
}

static void begin_request(int index, int64_t noticed) {
    struct request *r = &requests[index];
    r->noticed = noticed;
    if (r->connection == NONE) {
        r->connection = connection_count++;
        open_connection(&connections[r->connection], r->load, 1);
    }
    struct connection *c = &connections[r->connection];
    if (c->fd < 0) return; // gone: no answer
    unanswered++;
    if (c->first != NONE) {
        requests[c->last].next = index;
    } else {
        c->first = index;
        if (!c->connecting) ask(c, &loads[c->load]);
    }
    c->last = index;
}

// Does count requests, or all that are due by then, until the last one is answered or the grace is over.
static void run(int count, int64_t begin, double seconds, double grace) {
    struct epoll_event events[EVENTS];
    int64_t give_up_at = (int64_t)((seconds + grace) * 1e9);
    for (int index = 0; index < count || unanswered > 0;) {
        int64_t at = now() - begin;
        while (index < count && requests[index].due <= at) begin_request(index++, at);
        if (index == count && unanswered == 0) return; // the last one fell to a connection that is gone
        if (at >= give_up_at) {
            fprintf(stderr, "%d requests were not answered within %g s of the end\n", unanswered, grace);
            return;
        }
        int64_t wait = (index < count ? requests[index].due : give_up_at) - (now() - begin);
        if (wait < 0) wait = 0;
        struct timespec timeout = { wait / 1000000000, wait % 1000000000 };
        int ready = epoll_pwait2(epoll, events, EVENTS, &timeout, NULL);
        if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
        for (int i = 0; i < ready; i++) handle(&events[i], begin);
    }
}

// One answer on each connection, so that the server has accepted it and knows it; all with the first load's path.
static void connect_all(double grace) {
    int count = connection_count;
    struct load second = loads[1];
    loads[1] = loads[0];
    if (!(requests = calloc((size_t)count, sizeof *requests))) fail("calloc");
    for (int i = 0; i < count; i++) {
        open_connection(&connections[i], i >= loads[0].connections, 0);
        requests[i] = (struct request){ .done = -1, .connection = i, .next = NONE };
    }
    run(count, now(), 0, grace);
    for (int i = 0; i < count; i++) {
        if (requests[i].done < 0) exit(1);
    }
    loads[1] = second;
    free(requests);
    requests = NULL;
}

static void say(const char *what) {
    puts(what);
    fflush(stdout);
    for (int c; (c = getchar()) != EOF && c != '\n';) {
    }
}

static void describe(struct load *load, char **arguments, const char *port, int first) {
    load->length = (size_t)snprintf(load->text, sizeof load->text, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n", arguments[0], port);
    if (load->length >= sizeof load->text) {
        fprintf(stderr, "the path is too long\n");
        exit(2);
    }
    load->first = first;
}

int main(int argc, char **argv) {
    if (argc != 8 && argc != 11) {
        fprintf(stderr, "usage: openloop PORT PATH CONNECTIONS RATE SECONDS SEED GRACE [PATH RATE CONNECTIONS]\n");
        return 2;
    }
    double seconds = atof(argv[5]), grace = atof(argv[7]);
    server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    loads[0] = (struct load){ .connections = atoi(argv[3]), .rate = atof(argv[4]) };
    describe(&loads[0], &argv[2], argv[1], 0);
    if (argc == 11) {
        loads[1] = (struct load){ .connections = atoi(argv[10]), .rate = atof(argv[9]) };
        describe(&loads[1], &argv[8], argv[1], loads[0].connections);
    }
    prctl(PR_SET_TIMERSLACK, 1); // ns; the default of 50 us would make every request late
    if ((epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) fail("epoll_create1");

    // The new connections of the second load come behind the others, one for each of its requests: six standard deviations more than are expected.
    connection_count = loads[0].connections + loads[1].connections;
    double expected = loads[1].rate * seconds;
    size_t capacity = (size_t)connection_count + (loads[1].connections ? 0 : (size_t)(expected + 6 * sqrt(expected) + 16));
    if (!(connections = calloc(capacity, sizeof *connections))) fail("calloc");
    connect_all(grace);
    schedule(seconds, strtoull(argv[6], NULL, 10));
    size_t needed = (size_t)connection_count;
    for (int i = 0; i < request_count; i++) needed += requests[i].connection == NONE;
    if (needed > capacity) {
        fprintf(stderr, "more arrivals than there can be\n");
        return 1;
    }

    say("connected");
    int64_t begin = now();
    run(request_count, begin, seconds, grace);
    say("done");
    for (int i = 0; i < request_count; i++)
        printf("%d %" PRId64 " %" PRId64 " %" PRId64 "\n", requests[i].load, requests[i].due, requests[i].noticed, requests[i].done);
    return 0;
}
