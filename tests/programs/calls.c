// A thread in each of many system calls that wait, in a program without a handler of any signal. Prints `NAME: MESSAGE` for whatever goes wrong, and `done`.
//
// "again" on standard input: those with a time limit have to run into it once more. The end of the input: everything
// that was waited for happens, and every thread has to see it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// What is waited for. `idle` and what is `silent` stay so.
static int event, idle, pipe_ends[2], full_pipe[2], listener, silent_listener, pair[2], silent_pair[2], full_pair[2];
static int queue, semaphores, locked, watch, signal_fd, timer;
static pid_t child;
static char path[] = "/tmp/hotreload-calls-XXXXXX";
static aio_context_t aio;
static uint32_t word;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static int finished;

#define MILLISECONDS 30
static const struct timespec limit = {0, MILLISECONDS * 1000000};
static atomic_int failures;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static void wrong(const char *name, const char *message) {
    printf("%s: %s\n", name, message);
    atomic_fetch_add(&failures, 1);
}

// One call, that must not return because of nothing.
#define FOREVER(NAME, CALL, WANTED)                                                                                   \
    static void *NAME(void *nothing) {                                                                                \
        long result = (CALL);                                                                                         \
        if (!(result WANTED)) wrong(#NAME, result < 0 ? strerror(errno) : "returned too early");                      \
        return nothing;                                                                                               \
    }

// Calls with a time limit, one after the other.
#define LIMITED(NAME, CALL, WANTED)                                                                                   \
    static atomic_int NAME##_count;                                                                                   \
    static void *NAME(void *nothing) {                                                                                \
        while (!__atomic_load_n(&finished, __ATOMIC_SEQ_CST)) {                                                       \
            double begin = now();                                                                                     \
            errno = 0;                                                                                                \
            long result = (CALL);                                                                                     \
            if (!(WANTED)) wrong(#NAME, result < 0 ? strerror(errno) : "returned a wrong result");                    \
            if (now() - begin < MILLISECONDS - 1 && !finished) wrong(#NAME, "ended too early");                                    \
            atomic_fetch_add(&NAME##_count, 1);                                                                       \
        }                                                                                                             \
        return nothing;                                                                                               \
    }

static struct pollfd wait_for(int file) {
    return (struct pollfd){.fd = file, .events = POLLIN};
}

static long epoll(int file, int milliseconds) {
    int poll = epoll_create1(0);
    struct epoll_event wanted = {.events = EPOLLIN}, got;
    epoll_ctl(poll, EPOLL_CTL_ADD, file, &wanted);
    long result = epoll_wait(poll, &got, 1, milliseconds);
    int error = errno;
    close(poll);
    errno = error;
    return result;
}

static long selected(int file, struct timeval *time) {
    fd_set files;
    FD_ZERO(&files);
    FD_SET(file, &files);
    return select(file + 1, &files, NULL, NULL, time);
}

static long conditional(int limited) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += MILLISECONDS * 1000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_mutex_lock(&mutex);
    int error = 0;
    while (!finished && error == 0) {
        error = limited ? pthread_cond_timedwait(&condition, &mutex, &until) : pthread_cond_wait(&condition, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    return error;
}

static struct sembuf down = {0, -1, 0};
static char bytes[1 << 16];
static struct {
    long kind;
    char text[8];
} message;

static sigset_t one_signal(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

static long out_of(int file) {
    char byte[16];
    return read(file, byte, sizeof byte);
}

// Without a limit.
FOREVER(epoll_wait_, epoll(event, -1), == 1)
FOREVER(poll_, poll(&(struct pollfd[]){wait_for(event)}[0], 1, -1), == 1)
FOREVER(ppoll_, ppoll(&(struct pollfd[]){wait_for(event)}[0], 1, NULL, NULL), == 1)
FOREVER(select_, selected(event, NULL), == 1)
FOREVER(pthread_cond_wait_, conditional(0), == 0)
FOREVER(futex_wait, syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL), == 0)
FOREVER(sem_wait_, sem_wait(&semaphore), == 0)
FOREVER(read_pipe, out_of(pipe_ends[0]), == 1)
FOREVER(write_pipe, write(full_pipe[1], bytes, 1), == 1)
FOREVER(accept_, accept(listener, NULL, NULL), >= 0)
FOREVER(recv_, recv(pair[0], bytes, 1, 0), == 1)
FOREVER(semop_, semop(semaphores, &down, 1), == 0)
FOREVER(msgrcv_, msgrcv(queue, &message, sizeof message.text, 1, 0), >= 0)
FOREVER(waitpid_, waitpid(child, NULL, 0), == child)
FOREVER(flock_, flock(open(path, O_RDWR), LOCK_EX), == 0)
FOREVER(fcntl_, fcntl(open(path, O_RDWR), F_OFD_SETLKW, &(struct flock){.l_type = F_WRLCK}), == 0)
FOREVER(inotify, read(watch, bytes, sizeof bytes), > 0)
FOREVER(signalfd_, read(signal_fd, bytes, sizeof bytes), > 0)
FOREVER(timerfd, out_of(timer), == 8)
FOREVER(sigwaitinfo_, sigwaitinfo(&(sigset_t[]){one_signal(SIGRTMIN + 4)}[0], NULL), == SIGRTMIN + 4)

// With one.
LIMITED(epoll_limit, epoll(idle, MILLISECONDS), result == 0)
LIMITED(poll_limit, poll(&(struct pollfd[]){wait_for(idle)}[0], 1, MILLISECONDS), result == 0)
LIMITED(ppoll_limit, ppoll(&(struct pollfd[]){wait_for(idle)}[0], 1, &limit, NULL), result == 0)
LIMITED(select_limit, selected(idle, &(struct timeval){0, MILLISECONDS * 1000}), result == 0)
LIMITED(nanosleep_, nanosleep(&limit, NULL), result == 0)
LIMITED(clock_nanosleep_, clock_nanosleep(CLOCK_MONOTONIC, 0, &limit, NULL), result == 0)
LIMITED(cond_limit, conditional(1), finished || result == ETIMEDOUT)
LIMITED(futex_limit, syscall(SYS_futex, &(uint32_t){0}, FUTEX_WAIT_PRIVATE, 0, &limit), errno == ETIMEDOUT)
LIMITED(recv_limit, recv(silent_pair[0], bytes, 1, 0), errno == EAGAIN)
LIMITED(send_limit, send(full_pair[0], bytes, 1, 0), errno == EAGAIN)
LIMITED(accept_limit, accept(silent_listener, NULL, NULL), errno == EAGAIN)
LIMITED(semtimedop_limit, semtimedop(semaphores, &(struct sembuf){1, -1, 0}, 1, &limit), errno == EAGAIN)
LIMITED(sigtimedwait_limit, sigtimedwait(&(sigset_t[]){one_signal(SIGRTMIN + 5)}[0], NULL, &limit), errno == EAGAIN)
LIMITED(io_getevents_limit, syscall(SYS_io_getevents, aio, 1, 1, &(struct io_event[]){{0}}[0], &limit), result == 0)

static void *(*const functions[])(void *) = {
    epoll_wait_, poll_, ppoll_, select_, pthread_cond_wait_, futex_wait, sem_wait_, read_pipe, write_pipe, accept_,
    recv_, semop_, msgrcv_, waitpid_, flock_, fcntl_, inotify, signalfd_, timerfd, sigwaitinfo_,
    epoll_limit, poll_limit, ppoll_limit, select_limit, nanosleep_, clock_nanosleep_, cond_limit, futex_limit,
    recv_limit, send_limit, accept_limit, semtimedop_limit, sigtimedwait_limit, io_getevents_limit};
#define COUNT (sizeof functions / sizeof *functions)

static atomic_int *const expired[] = {
    &epoll_limit_count,      &poll_limit_count,       &ppoll_limit_count,        &select_limit_count,
    &nanosleep__count,       &clock_nanosleep__count, &cond_limit_count,         &futex_limit_count,
    &recv_limit_count,       &send_limit_count,       &accept_limit_count,       &semtimedop_limit_count,
    &sigtimedwait_limit_count, &io_getevents_limit_count};
#define LIMITED_COUNT (sizeof expired / sizeof *expired)

static int bound(struct sockaddr_in *address) {
    int made = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t length = sizeof *address;
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(made, (struct sockaddr *)address, length) != 0 || listen(made, 1) != 0) abort();
    getsockname(made, (struct sockaddr *)address, &length);
    return made;
}

static void fill(int file) {
    while (write(file, bytes, sizeof bytes) > 0) {
    }
    while (write(file, bytes, 1) > 0) {
    }
}

static void prepare(struct sockaddr_in *address) {
    struct timeval time = {0, MILLISECONDS * 1000};
    struct sockaddr_in unused;
    event = eventfd(0, 0);
    idle = eventfd(0, 0);
    if (pipe(pipe_ends) != 0 || pipe2(full_pipe, O_NONBLOCK) != 0) abort();
    fill(full_pipe[1]);
    fcntl(full_pipe[1], F_SETFL, 0);
    listener = bound(address);
    silent_listener = bound(&unused);
    setsockopt(silent_listener, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) abort();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, full_pair) != 0) abort();
    fill(full_pair[0]);
    fcntl(full_pair[0], F_SETFL, 0);
    setsockopt(full_pair[0], SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, silent_pair) != 0) abort();
    setsockopt(silent_pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    semaphores = semget(IPC_PRIVATE, 2, 0600);
    queue = msgget(IPC_PRIVATE, 0600);
    if (semaphores < 0 || queue < 0 || sem_init(&semaphore, 0, 0) != 0) abort();
    if ((child = fork()) == 0) pause(), _exit(0);
    locked = mkstemp(path);
    flock(locked, LOCK_EX);
    fcntl(locked, F_OFD_SETLKW, &(struct flock){.l_type = F_WRLCK});
    watch = inotify_init1(0);
    inotify_add_watch(watch, path, IN_ATTRIB);
    sigset_t set = one_signal(SIGRTMIN + 4);
    sigaddset(&set, SIGRTMIN + 5);
    sigaddset(&set, SIGRTMIN + 6);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal_fd = signalfd(-1, &(sigset_t[]){one_signal(SIGRTMIN + 6)}[0], 0);
    timer = timerfd_create(CLOCK_MONOTONIC, 0);
    if (syscall(SYS_io_setup, 1, &aio) != 0) abort();
}

static void finish(struct sockaddr_in *address) {
    pthread_mutex_lock(&mutex);
    __atomic_store_n(&finished, 1, __ATOMIC_SEQ_CST);
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    eventfd_write(event, 1);
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1);
    sem_post(&semaphore);
    if (write(pipe_ends[1], bytes, 1) != 1 || read(full_pipe[0], bytes, sizeof bytes) < 0) abort();
    connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)address, sizeof *address);
    send(pair[1], bytes, 1, 0);
    semop(semaphores, &(struct sembuf){0, 1, 0}, 1);
    message.kind = 1;
    msgsnd(queue, &message, 1, 0);
    kill(child, SIGKILL);
    fchmod(locked, 0644);
    close(locked);
    sigqueue(getpid(), SIGRTMIN + 4, (union sigval){0});
    sigqueue(getpid(), SIGRTMIN + 6, (union sigval){0});
    timerfd_settime(timer, 0, &(struct itimerspec){.it_value = {0, 1}}, NULL);
}

int main(void) {
    struct sockaddr_in address;
    pthread_t threads[COUNT];
    char line[16];
    setvbuf(stdout, NULL, _IOLBF, 0);
    prepare(&address);
    for (size_t i = 0; i < COUNT; i++) pthread_create(&threads[i], NULL, functions[i], NULL);
    puts("ready");
    while (fgets(line, sizeof line, stdin)) {
        // Twice, because the first one may have been over already when this was asked.
        for (size_t i = 0; i < LIMITED_COUNT; i++) {
            int before = atomic_load(expired[i]);
            while (atomic_load(expired[i]) < before + 2) usleep(1000);
        }
        puts("expired");
    }
    finish(&address);
    for (size_t i = 0; i < COUNT; i++) pthread_join(threads[i], NULL);
    unlink(path);
    semctl(semaphores, 0, IPC_RMID);
    msgctl(queue, IPC_RMID, NULL);
    puts("done");
    return failures != 0;
}
