import Glibc
import MartletRPC
import WorkoutClient

/// All that recording and sending need: the profile, its lock, the journal and the server.
struct Desk {
  let profile: Profile
  let journal: DeviceJournal
  /// Nil when nothing is to be sent.
  let client: MartletClient?
  private let lock: FileLock

  /// Opens everything for the account that is signed in.
  ///
  /// - Throws: `CommandFailure` when nobody is, or another process records with this profile.
  init(options: ServerOptions, needsServer: Bool) throws {
    profile = try options.profile.open()
    guard let lock = try profile.lockJournal() else {
      throw CommandFailure(ExitStatus.busy, "another martlet is recording with this profile")
    }
    self.lock = lock
    guard let credentials = try profile.credentials() else {
      throw CommandFailure(ClientError.notSignedIn)
    }
    client = needsServer ? try options.makeClient() : nil
    journal = try profile.openJournal(for: credentials)
  }

  func close() async {
    await client?.close()
    await journal.close()
    lock.release()
  }
}

/// The path from the root, for those who come back from another directory.
func absolutePath(_ path: String) -> String {
  guard let resolved = unsafe realpath(path, nil) else { return path }
  defer { unsafe free(resolved) }
  return unsafe String(cString: resolved)
}
