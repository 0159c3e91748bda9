import Glibc
import Synchronization

/// How many descriptors the process has open.
func openDescriptors() -> Int {
  guard let directory = opendir("/proc/self/fd") else { return -1 }
  defer { closedir(directory) }
  var count = 0
  while readdir(directory) != nil { count += 1 }
  // Without ".", ".." and the directory's own.
  return count - 3
}

/// Holds threads until it is opened.
final class Gate: Sendable {
  private let isOpen = Mutex(false)

  func wait() {
    while !isOpen.withLock({ $0 }) { usleep(2_000) }
  }

  func open() {
    isOpen.withLock { $0 = true }
  }
}
