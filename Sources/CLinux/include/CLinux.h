#pragma once
// What Glibc's Swift module leaves out: epoll, eventfd, accept4, a thread-local, and the few calls
// whose C form Swift cannot take (variadic functions, macros, unions).

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

/// The event loop that runs on this thread, or null. Owned by MartletNet.
extern _Thread_local void *martlet_current_loop_pointer;

static inline void *martlet_current_loop(void) { return martlet_current_loop_pointer; }
static inline void martlet_set_current_loop(void *loop) { martlet_current_loop_pointer = loop; }

/// Of the Swift runtime's stable interface: the current task, and whether one is cancelled.
__attribute__((swiftcall)) void *swift_task_getCurrent(void);
__attribute__((swiftcall)) _Bool swift_task_isCancelled(void *task);

/// The Swift task that runs on this thread; null when there is none, or it is cancelled.
static inline const void *martlet_uncancelled_task(void) {
  void *task = swift_task_getCurrent();
  return task && !swift_task_isCancelled(task) ? task : 0;
}

static inline int martlet_errno(void) { return errno; }

static inline int martlet_epoll_add(int epoll, int fd, uint32_t events, void *context) {
  struct epoll_event event = {.events = events, .data.ptr = context};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}
static inline int martlet_epoll_modify(int epoll, int fd, uint32_t events, void *context) {
  struct epoll_event event = {.events = events, .data.ptr = context};
  return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}
static inline int martlet_epoll_remove(int epoll, int fd) {
  return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, 0);
}

enum {
  martlet_epoll_cloexec = EPOLL_CLOEXEC,
  martlet_epoll_in = EPOLLIN,
  martlet_epoll_out = EPOLLOUT,
  martlet_epoll_error = EPOLLERR,
  martlet_epoll_hangup = EPOLLHUP,
};
/// The flag alone does not fit Swift's import of an enum: bit 28.
static inline uint32_t martlet_epoll_exclusive(void) { return EPOLLEXCLUSIVE; }

static inline int martlet_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

/// CLOCK_MONOTONIC in nanoseconds.
static inline uint64_t martlet_monotonic_nanoseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/// A non-blocking, close-on-exec stream socket of `family`, or -1.
int martlet_stream_socket(int family);
/// accept4 with non-blocking and close-on-exec, or -1.
int martlet_accept(int listener, struct sockaddr_storage *address, socklen_t *length);
/// Sets an integer socket option; 0 or -1.
int martlet_set_socket_option(int fd, int level, int option, int value);
/// send() without SIGPIPE.
ssize_t martlet_send(int fd, const void *bytes, size_t count);
/// The error of a connect() that has just finished (SO_ERROR).
int martlet_socket_error(int fd);

/// Ignores SIGPIPE for the process.
void martlet_ignore_sigpipe(void);
/// From now on, `signal` adds one to the eventfd `fd`; 0 or -1.
int martlet_watch_signal(int signal, int fd);
/// Gives `signal` its default action back.
void martlet_unwatch_signal(int signal);

/// open() with O_CREAT | O_EXCL | O_WRONLY and the given mode, or -1.
int martlet_create_file(const char *path, unsigned mode);

/// Gives the allocator's free memory back to the system, for who measures a process's memory.
static inline void martlet_malloc_trim(void) { malloc_trim(0); }
/// From now on malloc takes blocks of up to `bytes` from its heaps and gives a heap's free end back
/// to the system only when it is longer.
static inline void martlet_malloc_keep(int bytes) {
  mallopt(M_MMAP_THRESHOLD, bytes);
  mallopt(M_TRIM_THRESHOLD, bytes);
}

/// Consecutive memory in which blocks stand one behind the other; `martlet_run_take` hands them out.
///
/// A block of a run is never reused: all of them end with the run.
struct martlet_run {
  char *start;
  size_t size, used;
};
/// The next block of `run`, aligned to 16 bytes; null when there is no room for it.
void *martlet_run_take(struct martlet_run *run, size_t size);
/// How many blocks of `run` `martlet_run_malloc` gave out that were not freed since.
size_t martlet_run_count(const struct martlet_run *run);

/// Address space, without memory, for all runs that `martlet_run_malloc` takes from; 0 or -1.
int martlet_reserve_runs(size_t size);
/// Makes a part of the reserved space usable; null when there is none left, or no memory.
void *martlet_extend_runs(size_t size);
/// From now on large blocks of this thread come from `run`; null for none.
void martlet_open_run(struct martlet_run *run);
/// malloc, realloc and free as CRYPTO_set_mem_functions(3) takes them: those of the C library, but
/// for large blocks while a run is open, and for blocks of the reserved space.
void *martlet_run_malloc(size_t size, const char *file, int line);
void *martlet_run_realloc(void *block, size_t size, const char *file, int line);
void martlet_run_free(void *block, const char *file, int line);
