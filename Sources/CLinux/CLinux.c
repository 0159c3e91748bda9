#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

_Thread_local void *martlet_current_loop_pointer;

int martlet_stream_socket(int family) {
  return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int martlet_accept(int listener, struct sockaddr_storage *address, socklen_t *length) {
  return accept4(listener, (struct sockaddr *)address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int martlet_set_socket_option(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value);
}

ssize_t martlet_send(int fd, const void *bytes, size_t count) {
  return send(fd, bytes, count, MSG_NOSIGNAL);
}

int martlet_socket_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

void martlet_ignore_sigpipe(void) { signal(SIGPIPE, SIG_IGN); }

// One eventfd a signal, stored plus one so that zero means "none". The handler may only use
// what is async-signal-safe: a lock-free load and write().
enum { signal_count = 65 };
static _Atomic int watchers[signal_count];

static void report(int signal) {
  int saved = errno;
  int fd = atomic_load(&watchers[signal]) - 1;
  uint64_t one = 1;
  if (fd >= 0) {
    ssize_t written = write(fd, &one, sizeof one);
    (void)written;
  }
  errno = saved;
}

int martlet_watch_signal(int signal, int fd) {
  if (signal <= 0 || signal >= signal_count || fd < 0) {
    errno = EINVAL;
    return -1;
  }
  atomic_store(&watchers[signal], fd + 1);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = report;
  action.sa_flags = SA_RESTART;
  return sigaction(signal, &action, 0);
}

void martlet_unwatch_signal(int signal_number) {
  if (signal_number <= 0 || signal_number >= signal_count) return;
  signal(signal_number, SIG_DFL);
  atomic_store(&watchers[signal_number], 0);
}

int martlet_create_file(const char *path, unsigned mode) {
  return open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
}
