#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

enum { smallest_run_block = 512 };

// Stands before each block. Small enough that an SSL of OpenSSL 3.0 fills two pages with its CERT.
struct block_header {
  // What was asked for, and how far behind its run's start the block is.
  uint32_t size, place;
  // Of the run's first block: how many `martlet_run_malloc` gave out and nobody freed. Any thread may
  // free a block.
  _Atomic(size_t) count;
};

_Static_assert(sizeof(struct block_header) == 16, "blocks are aligned to 16 bytes");

static struct block_header *header_of(const void *block) {
  return (struct block_header *)(uintptr_t)block - 1;
}

void *martlet_run_take(struct martlet_run *run, size_t size) {
  size_t left = run->size - run->used;
  if (left < sizeof(struct block_header) || size > left - sizeof(struct block_header)) return 0;
  size_t place = run->used + sizeof(struct block_header);
  char *block = run->start + place;
  header_of(block)->size = (uint32_t)size;
  header_of(block)->place = (uint32_t)place;
  size_t end = place + ((size + 15) & ~(size_t)15);
  run->used = end < run->size ? end : run->size;
  return block;
}

static _Atomic(size_t) *count_at(const char *start) {
  return &((struct block_header *)(uintptr_t)start)->count;
}

size_t martlet_run_count(const struct martlet_run *run) {
  return run->used ? atomic_load_explicit(count_at(run->start), memory_order_acquire) : 0;
}

static void run_give(const void *block) {
  const char *start = (const char *)block - header_of(block)->place;
  atomic_fetch_sub_explicit(count_at(start), 1, memory_order_release);
}

// Written once, before any run exists, while other threads may already ask for it; `reserved_used`
// under the caller's lock.
static _Atomic(uintptr_t) reserved_start;
static _Atomic(size_t) reserved_size;
static size_t reserved_used;
static _Thread_local struct martlet_run *open_run;

void martlet_open_run(struct martlet_run *run) { open_run = run; }

int martlet_reserve_runs(size_t size) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void *start = mmap(0, size, PROT_NONE, flags, -1, 0);
  if (start == MAP_FAILED) return -1;
  // A huge page would come back whole for the first byte that is touched.
  madvise(start, size, MADV_NOHUGEPAGE);
  atomic_store_explicit(&reserved_start, (uintptr_t)start, memory_order_relaxed);
  atomic_store_explicit(&reserved_size, size, memory_order_release);
  return 0;
}

void *martlet_extend_runs(size_t size) {
  size_t all = atomic_load_explicit(&reserved_size, memory_order_relaxed);
  if (size > all - reserved_used) return 0;
  uintptr_t base = atomic_load_explicit(&reserved_start, memory_order_relaxed);
  void *start = (void *)(base + reserved_used);
  if (mprotect(start, size, PROT_READ | PROT_WRITE) != 0) return 0;
  reserved_used += size;
  return start;
}

static int is_reserved(const void *block) {
  size_t size = atomic_load_explicit(&reserved_size, memory_order_acquire);
  uintptr_t start = atomic_load_explicit(&reserved_start, memory_order_relaxed);
  return (uintptr_t)block - start < size;
}

void *martlet_run_malloc(size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  if (open_run && size >= smallest_run_block) {
    void *block = martlet_run_take(open_run, size);
    if (block) {
      atomic_fetch_add_explicit(count_at(open_run->start), 1, memory_order_relaxed);
      return block;
    }
  }
  return malloc(size);
}

void *martlet_run_realloc(void *block, size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  if (!is_reserved(block)) return realloc(block, size);
  void *target = malloc(size);
  if (!target) return 0;
  size_t known = header_of(block)->size;
  memcpy(target, block, known < size ? known : size);
  run_give(block);
  return target;
}

void martlet_run_free(void *block, const char *file, int line) {
  (void)file;
  (void)line;
  if (is_reserved(block)) {
    run_give(block);
  } else {
    free(block);
  }
}
