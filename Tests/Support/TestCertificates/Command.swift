internal import Glibc
package import TestFiles

/// Runs a program of the system and waits for it; its output goes where ours does unless `quiet`.
package func run(_ program: String, _ arguments: [String]) throws(SystemFailure) {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  for descriptor: Int32 in 0...2 {
    posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
  }
  var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
  defer { for word in words { free(word) } }
  words.append(nil)
  var process: pid_t = 0
  let code = posix_spawnp(&process, program, &actions, nil, words, environ)
  guard code == 0 else { throw SystemFailure(errno: code) }
  var status: Int32 = 0
  while waitpid(process, &status, 0) < 0, errno == EINTR {}
  guard status == 0 else { throw SystemFailure(errno: ECHILD) }
}
