/* A server that answers every request after so many milliseconds, with the
** bytes of a file: head and body. Prints its port.
**
**   delay MILLISECONDS FILE
*/

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FILES = 8192, MAX_REQUEST = 4096, MAX_EVENTS = 256 };

/* Requests wait for the same time, so they are due in the order they came. */
struct waiting {
  int file;
  long long due; /* nanoseconds */
};

static struct waiting queue[MAX_FILES];
static size_t first, waiting_count;
static char requests[MAX_FILES][MAX_REQUEST];
static size_t lengths[MAX_FILES];
static char answer[64 * 1024];
static size_t answer_length;
static long long delay;
static int epoll, timer;

static void must(int is_fine, const char *what)
{
  if (is_fine)
    return;
  perror(what);
  exit(1);
}

static long long now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void watch(int file)
{
  struct epoll_event event = {.events = EPOLLIN, .data.fd = file};
  must(epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event) == 0, "epoll_ctl");
}

static void set_timer(void)
{
  long long due = waiting_count > 0 ? queue[first].due : 0;
  struct itimerspec at = {{0}, {due / 1000000000, due % 1000000000}};
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static void enqueue(int file)
{
  must(waiting_count < MAX_FILES, "too many requests");
  queue[(first + waiting_count++) % MAX_FILES] =
      (struct waiting){file, now() + delay};
  if (waiting_count == 1)
    set_timer();
}

static void answer_due(void)
{
  unsigned long long expired;
  (void)!read(timer, &expired, sizeof expired);
  while (waiting_count > 0 && queue[first].due <= now()) {
    (void)!write(queue[first].file, answer, answer_length);
    first = (first + 1) % MAX_FILES;
    waiting_count--;
  }
  set_timer();
}

static int is_whole(const char *request, size_t length)
{
  const char *end = memmem(request, length, "\r\n\r\n", 4);
  if (!end)
    return 0;
  const char *told = strcasestr(request, "\r\nContent-Length:");
  size_t body = told ? strtoul(told + 17, NULL, 10) : 0;
  return length >= (size_t)(end - request) + 4 + body;
}

/* What waits for an answer of a closed connection is a failed write. */
static void take(int file)
{
  ssize_t came = read(file, requests[file] + lengths[file],
                      MAX_REQUEST - 1 - lengths[file]);
  if (came <= 0) {
    close(file);
    lengths[file] = 0;
    return;
  }
  lengths[file] += (size_t)came;
  requests[file][lengths[file]] = '\0';
  if (!is_whole(requests[file], lengths[file]))
    return;
  lengths[file] = 0;
  enqueue(file);
}

static void admit(int door)
{
  int file, yes = 1;
  while ((file = accept4(door, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    must(file < MAX_FILES, "too many connections");
    setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    watch(file);
  }
}

static int open_door(void)
{
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  must(bind(door, (struct sockaddr *)&address, length) == 0, "bind");
  must(listen(door, 4096) == 0, "listen");
  getsockname(door, (struct sockaddr *)&address, &length);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return door;
}

static void read_answer(const char *path)
{
  FILE *file = fopen(path, "rb");
  must(file != NULL, path);
  answer_length = fread(answer, 1, sizeof answer, file);
  fclose(file);
}

int main(int count, char **words)
{
  struct epoll_event events[MAX_EVENTS];
  must(count == 3, "delay MILLISECONDS FILE");
  delay = atoll(words[1]) * 1000000;
  read_answer(words[2]);
  epoll = epoll_create1(0);
  timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  int door = open_door();
  watch(door);
  watch(timer);
  for (;;) {
    int ready = epoll_wait(epoll, events, MAX_EVENTS, -1);
    for (int i = 0; i < ready; i++) {
      int file = events[i].data.fd;
      if (file == door)
        admit(door);
      else if (file == timer)
        answer_due();
      else
        take(file);
    }
  }
}
