// Clocks, a process's own accounting, and the one way in which a load fails.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

/// Ends the process: a figure measured beside an error would be none.
[[noreturn, gnu::format(printf, 1, 2)]] inline void fail(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  // No destructors: thousands of connections would only be closed one by one.
  _exit(1);
}

inline uint64_t now_nanoseconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return uint64_t(time.tv_sec) * 1'000'000'000 + uint64_t(time.tv_nsec);
}

/// User and system time of a process with all its threads, those that have ended too (proc(5)).
inline double cpu_seconds(pid_t pid) {
  char path[64], text[2048];
  snprintf(path, sizeof path, "/proc/%d/stat", int(pid));
  FILE* file = fopen(path, "r");
  if (!file) fail("no process %d", int(pid));
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;
  const char* fields = strrchr(text, ')');
  unsigned long user = 0, system = 0;
  if (!fields || sscanf(fields + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                        &system) != 2)
    fail("cannot read %s", path);
  return double(user + system) / double(sysconf(_SC_CLK_TCK));
}

inline uint64_t resident_bytes(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/statm", int(pid));
  FILE* file = fopen(path, "r");
  if (!file) fail("no process %d", int(pid));
  unsigned long pages = 0;
  if (fscanf(file, "%*u %lu", &pages) != 1) fail("cannot read %s", path);
  fclose(file);
  return uint64_t(pages) * uint64_t(sysconf(_SC_PAGESIZE));
}

/// The value below which `part` of the samples lie; 0 without samples.
inline uint32_t percentile(std::vector<uint32_t>& samples, double part) {
  if (samples.empty()) return 0;
  size_t index = std::min(samples.size() - 1, size_t(part * double(samples.size())));
  std::nth_element(samples.begin(), samples.begin() + long(index), samples.end());
  return samples[index];
}
