package import WorkoutCore
internal import Glibc

/// A directory with all that one person's use of a device needs: credentials, the device's id,
/// and a journal for each account that recorded here.
///
/// A device that several people share has a profile for each.
public struct Profile: Sendable, Hashable {
  /// The directory, which only its owner may enter.
  public let path: String

  /// Uses a directory; makes it, readable for its owner only, if it is missing.
  ///
  /// - Parameter path: The directory.
  /// - Throws: `ProfileError` when it cannot be made, or others may write to it.
  public init(path: String) throws(ProfileError) {
    self.path = path
    try PrivateFile.makeDirectory(path)
  }

  // MARK: Credentials

  private var credentialsPath: String { "\(path)/credentials" }

  /// Reads who is signed in.
  ///
  /// - Returns: The credentials; nil when nobody is signed in.
  /// - Throws: `ProfileError` when others may read the file, or it is damaged.
  public func credentials() throws(ProfileError) -> Credentials? {
    guard let text = try PrivateFile.read(credentialsPath) else { return nil }
    guard let credentials = Credentials(fileText: text) else {
      throw ProfileError("\(credentialsPath): damaged; log in again")
    }
    return credentials
  }

  /// Replaces the credentials, at once and durably.
  ///
  /// - Parameter credentials: The new ones.
  /// - Throws: `ProfileError` when the disk refuses.
  public func save(_ credentials: Credentials) throws(ProfileError) {
    try PrivateFile.write(credentials.fileText, to: credentialsPath)
  }

  /// Forgets the credentials; the journals stay.
  ///
  /// - Throws: `ProfileError` when the disk refuses.
  public func removeCredentials() throws(ProfileError) { try PrivateFile.remove(credentialsPath) }

  // MARK: Device and journal

  /// This device's id, the same for ever: made when it is first asked for.
  ///
  /// - Returns: The id.
  /// - Throws: `ProfileError` when the file is damaged or the disk refuses.
  package func deviceID() throws(ProfileError) -> DeviceID {
    let file = "\(path)/device"
    if let text = try PrivateFile.read(file) {
      guard text.hasSuffix("\n"), let id = DeviceID(text.dropLast()) else {
        throw ProfileError("\(file): damaged; it holds this device's id, a UUID")
      }
      return id
    }
    var random = SystemRandomNumberGenerator()
    let id = DeviceID.make(timeMs: wallClockMilliseconds(), using: &random)
    try PrivateFile.write("\(id)\n", to: file)
    return id
  }

  /// Opens the journal of the account that is signed in.
  ///
  /// - Parameter credentials: The account's.
  /// - Returns: The journal.
  /// - Throws: `JournalError` when it cannot be opened.
  public func openJournal(for credentials: Credentials) throws(JournalError) -> DeviceJournal {
    guard UserID(credentials.userID) != nil else {
      throw JournalError(kind: .invalid, message: "\(credentials.userID) is no account's id")
    }
    let file = "\(path)/journal-\(credentials.userID).sqlite"
    // SQLite's other files take their mode from this one.
    let descriptor = unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw JournalError(kind: .inaccessible, message: "\(file): \(systemErrorText())")
    }
    close(descriptor)
    return try DeviceJournal(path: file)
  }

  /// Takes the right to record and send with this profile; nil when another process has it.
  ///
  /// - Returns: The lock, released when it goes away.
  /// - Throws: `ProfileError` when the disk refuses.
  package func lockJournal() throws(ProfileError) -> FileLock? {
    try FileLock.take("\(path)/journal.lock")
  }

  /// Takes the right to renew the tokens; nil when another process has it.
  func lockCredentials() throws(ProfileError) -> FileLock? {
    try FileLock.take("\(path)/credentials.lock")
  }
}

/// Milliseconds since 1970-01-01T00:00:00Z by this device's clock.
package func wallClockMilliseconds() -> Int64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_REALTIME, &time)
  return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
