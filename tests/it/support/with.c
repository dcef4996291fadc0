/* Starts a program in an odd state: with STATE VALUE PROGRAM ARGUMENT...

     blocked all|SIGNAL   signals are blocked
     alarm MILLISECONDS   a timer runs, and sends SIGALRM
     refused NUMBER       that system call fails with ENOSYS
*/
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <unistd.h>

static int refuse(int number) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {4, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &program);
}

int main(int argc, char **argv) {
    if (argc < 4) return 99;
    int value = atoi(argv[2]);
    if (!strcmp(argv[1], "blocked")) {
        sigset_t set;
        sigemptyset(&set);
        if (value) sigaddset(&set, value);
        else sigfillset(&set);
        sigprocmask(SIG_BLOCK, &set, NULL);
    } else if (!strcmp(argv[1], "alarm")) {
        struct itimerval timer = {{0, 0}, {value / 1000, value % 1000 * 1000}};
        setitimer(ITIMER_REAL, &timer, NULL);
    } else if (strcmp(argv[1], "refused") || refuse(value)) return 99;
    return execvp(argv[3], argv + 3);
}
