// A program in a state that is hard to stop.
//
// vfork: a thread waits for a child that shares its memory for a second, again and again
// long: the same, for a minute
// leaderless: the main thread has ended
// handler: a thread is in a handler that interrupted `trapped` behind its second byte, until the line "go" is read
// environment: prints the environment, its child's too, and ends
//
// The line "exec" is answered by another program in the same process, "trapped" and all others by calls.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noinline, noclone)) int answer(void) {
    return 1;
}

int trapped(void);
__asm__(".globl trapped\n trapped: nop\n int3\n nop\n nop\n nop\n mov $1, %eax\n ret");

static atomic_int inside, go;

static void on_trap(int signal) {
    (void)signal;
    atomic_store(&inside, 1);
    while (!atomic_load(&go)) usleep(1000);
}

static void *is_trapped(void *nothing) {
    int result = trapped();
    printf("returned %d\n", result);
    return nothing;
}

static void *answers(void *nothing) {
    char line[64];
    puts("ready");
    while (fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "go\n") == 0) atomic_store(&go, 1);
        else if (strcmp(line, "exec\n") == 0) execl("/bin/sh", "sh", "-c", "echo replaced; read end", NULL);
        else if (strcmp(line, "trapped\n") == 0) printf("%d\n", trapped());
        else printf("%d\n", answer());
    }
    exit(0);
    return nothing;
}

static void *vforks(void *seconds) {
    for (;;) {
        pid_t child = vfork();
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            sleep((intptr_t)seconds);
            _exit(0);
        }
        waitpid(child, NULL, 0);
        usleep(30000);
    }
    return seconds;
}

static void *sleeps(void *nothing) {
    for (;;) pause();
    return nothing;
}

int main(int argc, char **argv, char **environment) {
    if (argc != 2) return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(argv[1], "environment") == 0) {
        for (char **variable = environment; *variable; variable++) puts(*variable);
        return system("env");
    }
    pthread_t thread;
    intptr_t seconds = strcmp(argv[1], "vfork") == 0 ? 1 : strcmp(argv[1], "long") == 0 ? 60 : 0;
    pthread_create(&thread, NULL, seconds ? vforks : sleeps, (void *)seconds);
    signal(SIGTRAP, on_trap);
    if (strcmp(argv[1], "handler") == 0) {
        pthread_create(&thread, NULL, is_trapped, NULL);
        while (!atomic_load(&inside)) usleep(1000);
    }
    pthread_create(&thread, NULL, answers, NULL);
    if (strcmp(argv[1], "leaderless") == 0) pthread_exit(NULL);
    for (;;) pause();
}
