/* A stand-in for go that does exactly what $PROBE says: commands separated by
   ';', words by blanks; argv belongs to the test. Commands:

     dump FILE        argv, environment, directory, descriptors, signals, ids
     out|err TEXT     TEXT and a newline, in one write
     flood FD BYTES   that many bytes, 64 KiB at a time
     weave N          N times a line on stdout and one on stderr
     cat              stdin to stdout
     size FD          rows and columns of a terminal, on stdout
     kinds            for 0, 1, 2: terminal, file, pipe ... and whether tcgetattr works
     ready FIFO       writes our pid into FIFO (waits for the reader)
     await FIFO       waits for a byte from FIFO
     catch SIGNAL     from now on says `caught N` on stderr, for SIGWINCH `now ROWS COLUMNS`
     ignore SIGNAL    from now on ignores it
     stop SIGNAL      stops ourselves by it
     now FILE         appends `go NANOSECONDS`, since the epoch
     flags FD         the flags with which it was opened, on stdout
     thread COMMANDS  another thread executes this program, to do COMMANDS (separated by '+')
     pause            until a signal ends it
     below COMMANDS   a child does COMMANDS (separated by '+'), in a session of its own; we go on
     raise SIGNAL     dies of it
     close FD
     exit CODE
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int argc;
static char **argv, **envp;

static void put(int fd, const char *text, size_t length) {
    while (length) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) { if (fd == 1 || fd == 2) return; _exit(90); }
        text += n, length -= n;
    }
}

static void say(int fd, const char *format, ...) {
    char line[65536];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(line, sizeof line, format, list);
    va_end(list);
    put(fd, line, n);
}

static const char *kind(int fd) {
    struct stat s;
    if (fstat(fd, &s)) return "closed";
    if (isatty(fd)) return "terminal";
    if (S_ISREG(s.st_mode)) return "file";
    if (S_ISFIFO(s.st_mode)) return "pipe";
    if (S_ISSOCK(s.st_mode)) return "socket";
    return S_ISCHR(s.st_mode) ? "device" : "other";
}

static void dump(const char *file) {
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char cwd[4096];
    for (int i = 0; i < argc; i++) say(fd, "arg %s%c", argv[i], 0);
    for (char **e = envp; *e; e++) say(fd, "env %s%c", *e, 0);
    say(fd, "cwd %s%c", getcwd(cwd, sizeof cwd) ? cwd : "?", 0);
    for (int i = 0; i < 256; i++)
        if (i != fd && fcntl(i, F_GETFD) >= 0) say(fd, "fd %d %s%c", i, kind(i), 0);
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int i = 1; i < 65; i++) {
        struct sigaction a;
        if (sigismember(&mask, i) == 1) say(fd, "blocked %d%c", i, 0);
        if (!sigaction(i, NULL, &a) && a.sa_handler == SIG_IGN) say(fd, "ignored %d%c", i, 0);
    }
    say(fd, "umask %o%c", umask(0), 0);
    say(fd, "group %s%c", getpgrp() == getpid() ? "own" : "inherited", 0);
    say(fd, "session %d%c", getsid(0), 0);
    close(fd);
}

static void caught(int number) {
    struct winsize w = {0};
    if (number == SIGWINCH) ioctl(2, TIOCGWINSZ, &w), say(2, "now %d %d\n", w.ws_row, w.ws_col);
    else say(2, "caught %d\n", number);
}

static void run(char *commands, const char *separator);

static void *execute(void *commands) {
    for (char *at = commands; *at; at++) if (*at == '+') *at = ';';
    setenv("PROBE", commands, 1);
    execl("/proc/self/exe", "go", (char *)NULL);
    _exit(92);
}

static void one(char *command) {
    char *rest = command + strcspn(command, " ");
    if (*rest) *rest++ = 0;
    if (!strcmp(command, "dump")) dump(rest);
    else if (!strcmp(command, "out")) say(1, "%s\n", rest);
    else if (!strcmp(command, "err")) say(2, "%s\n", rest);
    else if (!strcmp(command, "flood")) {
        static char block[65536];
        int fd = atoi(rest);
        long left = atol(strchr(rest, ' ') + 1);
        for (int i = 0; i < (int)sizeof block; i++) block[i] = i % 64 == 63 ? '\n' : 'a' + i % 26;
        for (; left > 0; left -= sizeof block) put(fd, block, left < (long)sizeof block ? left : (long)sizeof block);
    } else if (!strcmp(command, "weave")) {
        for (int i = 0; i < atoi(rest); i++) say(1, "out %d\n", i), say(2, "err %d\n", i);
    } else if (!strcmp(command, "cat")) {
        char block[4096];
        for (ssize_t n; (n = read(0, block, sizeof block)) > 0;) put(1, block, n);
    } else if (!strcmp(command, "size")) {
        struct winsize w = {0};
        int failed = ioctl(atoi(rest), TIOCGWINSZ, &w);
        say(1, "size %d %d %d\n", failed, w.ws_row, w.ws_col);
    } else if (!strcmp(command, "kinds")) {
        struct termios t;
        for (int i = 0; i < 3; i++) say(1, "%d %s %s\n", i, kind(i), tcgetattr(i, &t) ? "-" : "termios");
    } else if (!strcmp(command, "ready")) {
        int fd = open(rest, O_WRONLY);
        say(fd, "%d\n", getpid());
        close(fd);
    } else if (!strcmp(command, "await")) {
        char c;
        int fd = open(rest, O_RDWR);
        while (read(fd, &c, 1) != 1);
        close(fd);
    } else if (!strcmp(command, "catch")) {
        struct sigaction a = {.sa_handler = caught, .sa_flags = SA_RESTART};
        sigaction(atoi(rest), &a, NULL);
    } else if (!strcmp(command, "ignore")) signal(atoi(rest), SIG_IGN);
    else if (!strcmp(command, "stop")) kill(getpid(), atoi(rest));
    else if (!strcmp(command, "now")) {
        struct timespec t;
        int fd = open(rest, O_WRONLY | O_CREAT | O_APPEND, 0600);
        clock_gettime(CLOCK_REALTIME, &t);
        say(fd, "go %lld%09ld\n", (long long)t.tv_sec, t.tv_nsec);
        close(fd);
    } else if (!strcmp(command, "flags")) say(1, "flags %o\n", fcntl(atoi(rest), F_GETFL));
    else if (!strcmp(command, "thread")) {
        pthread_t thread;
        pthread_create(&thread, NULL, execute, rest);
        pthread_join(thread, NULL);
    } else if (!strcmp(command, "pause")) for (;;) pause();
    else if (!strcmp(command, "below")) {
        if (!fork()) {
            setsid();
            run(rest, "+");
            _exit(0);
        }
    } else if (!strcmp(command, "raise")) {
        signal(atoi(rest), SIG_DFL);
        raise(atoi(rest));
    } else if (!strcmp(command, "close")) close(atoi(rest));
    else if (!strcmp(command, "exit")) _exit(atoi(rest));
    else _exit(91);
}

static void run(char *commands, const char *separator) {
    for (char *next, *at = commands; at && *at; at = next) {
        next = strstr(at, separator);
        if (next) *next++ = 0;
        one(at);
    }
}

int main(int c, char **v, char **e) {
    argc = c, argv = v, envp = e;
    const char *commands = getenv("PROBE");
    run(strdup(commands ? commands : ""), ";");
    return 0;
}
