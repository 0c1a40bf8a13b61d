// TLS 1.3 connections, one after the other on each thread: connect, handshake, one GET with "Connection: close", the answer, the close. The server closes
// first. Takes less than the servers that it is for.
//
// usage: tlsconnections PORT PATH THREADS SECONDS full|resumed
//
// With "resumed" each handshake but the first of a thread resumes the session of the one before. Writes a line for each connection: how long it took in
// microseconds, or why it does not count; the first one of a thread that resumes is left out.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in server;
static char request[1024];
static int resume;
static SSL_CTX *context;
static __thread SSL_SESSION *session; // the latest that a server of this thread's gave

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// Called within SSL_read: in TLS 1.3 sessions come after the handshake. 1 keeps the reference.
static int keep(SSL *ssl, SSL_SESSION *latest) {
    (void)ssl;
    if (!resume) return 0;
    SSL_SESSION_free(session);
    session = latest;
    return 1;
}

// Returns what was wrong, or NULL.
static const char *exchange(SSL *ssl, int resumed) {
    static const char expected[] = "HTTP/1.1 200";
    char answer[4097];
    int length = 0, received;
    if (SSL_connect(ssl) != 1) return "handshake failed";
    if (SSL_session_reused(ssl) != resumed) return resumed ? "session was not resumed" : "session was resumed";
    if (SSL_write(ssl, request, (int)strlen(request)) <= 0) return "request could not be sent";
    while (length < (int)sizeof answer - 1 && (received = SSL_read(ssl, answer + length, (int)sizeof answer - 1 - length)) > 0) length += received;
    answer[length] = 0;
    if (strncmp(answer, expected, sizeof expected - 1) != 0) return "answer is not 200";

    // The length tells whether it is complete: Kestrel closes without a close_notify.
    char *body = strstr(answer, "\r\n\r\n"), *field = strcasestr(answer, "\r\ncontent-length:");
    if (!body || !field) return "answer has no length";
    if (answer + length - (body + 4) != atol(field + strlen("\r\ncontent-length:"))) return "answer was cut short";
    return NULL;
}

static const char *connect_once(int resumed) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct timeval limit = { 5, 0 };
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof server) < 0) {
        if (fd >= 0) close(fd);
        return "connection failed";
    }
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    if (resumed) SSL_set_session(ssl, session);
    const char *wrong = exchange(ssl, resumed);
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); // else the session could not be resumed
    SSL_free(ssl);
    close(fd);
    return wrong;
}

static void *run(void *end) {
    if (resume) {
        const char *wrong = connect_once(0);
        if (wrong) printf("%s\n", wrong);
        if (wrong || !session) return NULL;
    }
    while (now() < *(double *)end) {
        double begin = now();
        const char *wrong = connect_once(resume);
        if (wrong) {
            printf("%s\n", wrong);
            return NULL;
        }
        printf("%.0f\n", (now() - begin) * 1e6);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: tlsconnections PORT PATH THREADS SECONDS full|resumed\n");
        return 2;
    }
    server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", argv[2]);
    int threads = atoi(argv[3]);
    resume = strcmp(argv[5], "resumed") == 0;
    if (!(context = SSL_CTX_new(TLS_client_method()))) return 1;
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF); // else a close without close_notify makes the session worthless
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL); // what the servers show is checked once, before
    pthread_t *all = calloc((size_t)threads, sizeof *all);
    double end = now() + atof(argv[4]);
    for (int i = 0; i < threads; i++) {
        if (pthread_create(&all[i], NULL, run, &end) != 0) return 1;
    }
    for (int i = 0; i < threads; i++) pthread_join(all[i], NULL);
    return 0;
}
