/* Runs a command and tells what it used, in one line:
** CPU seconds, seconds by the clock, peak memory in KiB. The command's own
** output goes to standard error. */

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time)
{
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int count, char **words)
{
  struct timespec begun, ended;
  struct rusage usage;
  int status;
  if (count < 2)
    return 2;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  pid_t child = fork();
  if (child == 0) {
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execvp(words[1], words + 1);
    _exit(127);
  }
  if (child < 0 || wait4(child, &status, 0, &usage) < 0)
    return 2;
  clock_gettime(CLOCK_MONOTONIC, &ended);
  printf("%.6f %.6f %ld\n", seconds(usage.ru_utime) + seconds(usage.ru_stime),
         (double)(ended.tv_sec - begun.tv_sec) +
             (double)(ended.tv_nsec - begun.tv_nsec) / 1e9,
         usage.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
