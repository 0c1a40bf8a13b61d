// The limit: what plaintext over keep-alive connections costs with epoll alone. One thread for each loop, each with a listening socket
// of its own (SO_REUSEPORT); edge-triggered; one canned answer for each blank line received. It does not read the requests.
//
// usage: limit PORT THREADS
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER 16384
#define EVENTS 256

static const char answer[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nContent-Type: text/plain\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nServer: Limit\r\n\r\nHello, World!";

static int port;

// How much of "\r\n\r\n" the connection's last bytes were; the array is indexed by descriptor.
static unsigned char matched[65536];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int send_all(int fd, const char *data, size_t length) {
    while (length > 0) {
        ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) continue;
            return -1; // full: a client of this benchmark always reads, so it is gone
        }
        data += sent;
        length -= (size_t)sent;
    }
    return 0;
}

// Returns -1 when the connection is over, 1 to be called again.
static int serve(int fd, int ends) {
    static __thread char in[BUFFER];
    static __thread char out[(BUFFER / 4 + 1) * (sizeof answer - 1)];
    for (;;) {
        ssize_t received = recv(fd, in, sizeof in, 0);
        if (received < 0) return errno == EAGAIN ? 0 : errno == EINTR ? 1 : -1;
        if (received == 0) return -1;
        size_t length = 0;
        unsigned char seen = matched[fd];
        for (ssize_t i = 0; i < received; i++) {
            seen = in[i] == "\r\n\r\n"[seen] ? seen + 1 : in[i] == '\r' ? 1 : 0;
            if (seen == 4) {
                memcpy(out + length, answer, sizeof answer - 1);
                length += sizeof answer - 1;
                seen = 0;
            }
        }
        matched[fd] = seen;
        if (send_all(fd, out, length) < 0) return -1;
        if ((size_t)received < sizeof in && !ends) return 0; // what comes later is another edge
    }
}

static int listen_on(int number) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)number), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    if (listen(fd, 4096) < 0) fail("listen");
    return fd;
}

static void watch(int epoll, int fd, uint32_t events) {
    struct epoll_event event = { .events = events, .data.fd = fd };
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static void *loop(void *unused) {
    (void)unused;
    struct epoll_event events[EVENTS];
    int epoll = epoll_create1(EPOLL_CLOEXEC), listener = listen_on(port);
    watch(epoll, listener, EPOLLIN);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (accepted >= (int)sizeof matched) close(accepted);
                else if (accepted >= 0) {
                    matched[accepted] = 0;
                    watch(epoll, accepted, EPOLLIN | EPOLLET | EPOLLRDHUP);
                }
                continue;
            }
            int state;
            while ((state = serve(fd, (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)) > 0) {
            }
            if (state < 0) close(fd);
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: limit PORT THREADS\n");
        return 2;
    }
    port = atoi(argv[1]);
    pthread_t thread;
    for (int i = atoi(argv[2]); i > 1; i--) {
        if (pthread_create(&thread, NULL, loop, NULL) != 0) fail("pthread_create");
    }
    loop(NULL);
}
