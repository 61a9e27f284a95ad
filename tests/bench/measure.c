/* measure RUNS COMMAND [ARG...]: runs the command so often, its output thrown away, and prints
 * "wall_ms cpu_ms rss_kb status": medians, the largest resident set, the last status. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double ms(const struct timespec *a, const struct timespec *b)
{
    return (double)(b->tv_sec - a->tv_sec) * 1e3 + (double)(b->tv_nsec - a->tv_nsec) / 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    long runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
    double *wall;
    double *cpu;
    long rss = 0;
    int status = 0;

    if (runs < 1 || runs > 100000) {
        fprintf(stderr, "usage: measure RUNS COMMAND [ARG...]\n");
        return 2;
    }
    wall = calloc((size_t)runs, sizeof *wall);
    cpu = calloc((size_t)runs, sizeof *cpu);
    if (!wall || !cpu)
        return 1;
    for (long i = 0; i < runs; i++) {
        struct timespec from;
        struct timespec to;
        struct rusage use;
        pid_t pid;

        (void)clock_gettime(CLOCK_MONOTONIC, &from);
        pid = fork();
        if (pid == 0) {
            int null = open("/dev/null", O_WRONLY);

            if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
                _exit(126);
            execvp(argv[2], argv + 2);
            _exit(127);
        }
        if (pid < 0 || wait4(pid, &status, 0, &use) < 0) {
            perror("measure");
            return 1;
        }
        (void)clock_gettime(CLOCK_MONOTONIC, &to);
        wall[i] = ms(&from, &to);
        cpu[i] = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e3 +
                 (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e3;
        if (use.ru_maxrss > rss)
            rss = use.ru_maxrss;
    }
    qsort(wall, (size_t)runs, sizeof *wall, by_value);
    qsort(cpu, (size_t)runs, sizeof *cpu, by_value);
    printf("%.2f %.2f %ld %d\n", wall[runs / 2], cpu[runs / 2], rss,
           WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    free(wall);
    free(cpu);
    return 0;
}
