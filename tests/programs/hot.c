// Threads that call one function as fast as they can, while others are made and signals arrive.
//
// hot CALLERS MAKERS SIGNALLERS
//
// CALLERS call the function, MAKERS make threads that do, SIGNALLERS send signals to the callers.
//
// Every line on standard input is answered by the counters; the end of the input ends the program.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((noinline, noclone)) int answer(void) {
    return 1;
}

static atomic_ulong ones, fortytwos, wrong, made, sent, received, pinged, ponged;

static void note(int value) {
    atomic_fetch_add(value == 1 ? &ones : value == 42 ? &fortytwos : &wrong, 1);
}

static void *call(void *nothing) {
    // `answer` is entered at each of its first instructions most of the time.
    for (;;) {
        int value = answer();
        for (int i = 0; i < 20 && value == answer(); i++) {
        }
        note(value);
    }
    return nothing;
}

static void *once(void *nothing) {
    note(answer());
    atomic_fetch_add(&made, 1);
    return nothing;
}

static void *make(void *nothing) {
    for (;;) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, once, NULL) != 0) abort();
        pthread_join(thread, NULL);
    }
    return nothing;
}

// Takes a while, so that a caller is often stopped in here, with the place where it was interrupted on its stack.
static void on_queued(int signal) {
    (void)signal;
    for (int i = 0; i < 2000; i++) note(answer());
    atomic_fetch_add(&received, 1);
}

static void on_ping(int signal) {
    (void)signal;
    atomic_fetch_add(&ponged, 1);
}

static pthread_t callers[16];
static int caller_count;

// A queued signal is never merged with another; SIGUSR1 is sent again only when the last one was seen.
static void *signals(void *nothing) {
    for (unsigned i = 0;; i++) {
        pthread_t caller = callers[i % caller_count];
        if (pthread_sigqueue(caller, SIGRTMIN + 3, (union sigval){0}) == 0) atomic_fetch_add(&sent, 1);
        if (atomic_load(&pinged) == atomic_load(&ponged)) {
            atomic_fetch_add(&pinged, 1);
            kill(getpid(), SIGUSR1);
        }
        usleep(100);
    }
    return nothing;
}

static int start(const char *count, void *(*function)(void *), pthread_t *threads) {
    int i;
    for (i = 0; i < atoi(count) && i < 16; i++) {
        if (pthread_create(&threads[i], NULL, function, NULL) != 0) abort();
    }
    return i;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct sigaction queued = {.sa_handler = on_queued, .sa_flags = SA_RESTART};
    struct sigaction ping = {.sa_handler = on_ping, .sa_flags = SA_RESTART};
    sigaction(SIGRTMIN + 3, &queued, NULL);
    sigaction(SIGUSR1, &ping, NULL);
    pthread_t others[16];
    caller_count = start(argv[1], call, callers);
    start(argv[2], make, others);
    start(argv[3], signals, others);
    puts("ready");
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "call\n") == 0) {
            printf("%d\n", answer());
            continue;
        }
        unsigned long before = atomic_load(&sent), ping_before = atomic_load(&pinged);
        // Whatever was sent until now arrives; otherwise this never ends.
        while (atomic_load(&received) < before || atomic_load(&ponged) < ping_before) usleep(100);
        printf("%lu %lu %lu %lu %lu %lu\n", ones, fortytwos, wrong, made, before, ping_before);
    }
    return 0;
}
