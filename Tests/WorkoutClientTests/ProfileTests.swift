import Glibc
import TestFiles
import Testing

@testable import WorkoutClient

private func mode(_ path: String) -> UInt32 {
  var status = stat()
  return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
}

private let credentials = Credentials(
  server: "localhost:7443",
  userID: "0190c0de-0000-7000-8000-000000000001",
  username: "ann",
  accessToken: "aaa.bbb.ccc",
  accessExpiresAt: 1_800_000_000,
  refreshToken: "r+/="
)

@Suite struct ProfileTests {
  let directory: TemporaryDirectory
  let profile: Profile

  init() throws {
    directory = try TemporaryDirectory()
    profile = try Profile(path: directory.path)
  }

  @Test("credentials read back, and nobody else may read them, nor the journal")
  func roundTrip() async throws {
    #expect(try profile.credentials() == nil)
    try profile.save(credentials)
    #expect(try profile.credentials() == credentials)
    #expect(mode("\(directory.path)/credentials") == 0o600)
    let journal = try profile.openJournal(for: credentials)
    #expect(mode("\(directory.path)/journal-\(credentials.userID).sqlite") == 0o600)
    #expect(mode("\(directory.path)/journal-\(credentials.userID).sqlite-wal") == 0o600)
    await journal.close()
    try profile.removeCredentials()
    try profile.removeCredentials()
    #expect(try profile.credentials() == nil)
  }

  @Test("a new profile's folder is its owner's alone")
  func folder() throws {
    let path = "\(directory.path)/new"
    _ = try Profile(path: path)
    #expect(mode(path) == 0o700)
    chmod(path, 0o777)
    #expect(throws: ProfileError.self) { try Profile(path: path) }
    rmdir(path)
  }

  @Test("credentials that others can read or write are refused", arguments: [0o644, 0o640, 0o602])
  func permissions(mode: UInt32) throws {
    try profile.save(credentials)
    chmod("\(directory.path)/credentials", mode)
    let error = #expect(throws: ProfileError.self) { try profile.credentials() }
    #expect(error?.description.contains("chmod 600") == true)
  }

  @Test("a link in the place of the credentials is refused")
  func link() throws {
    try profile.save(credentials)
    rename("\(directory.path)/credentials", "\(directory.path)/elsewhere")
    symlink("\(directory.path)/elsewhere", "\(directory.path)/credentials")
    #expect(throws: ProfileError.self) { try profile.credentials() }
  }

  @Test(
    "a damaged file is an error, not a guess",
    arguments: [
      "", "martlet credentials 2\n", "martlet credentials 1\nserver a\n",
      credentials.fileText + "more x\n", credentials.fileText + "user again\n",
      String(credentials.fileText.dropLast()), String(credentials.fileText.dropLast(5)) + "\n\n",
      credentials.fileText.replacing("access-expires 1", with: "access-expires x"),
    ]
  )
  func damage(text: String) throws {
    try PrivateFile.write(text, to: "\(directory.path)/credentials")
    #expect(throws: ProfileError.self) { try profile.credentials() }
  }

  @Test("a device keeps its id for ever")
  func device() throws {
    let id = try profile.deviceID()
    #expect(try profile.deviceID() == id)
    #expect(try Profile(path: directory.path).deviceID() == id)
    #expect(mode("\(directory.path)/device") == 0o600)
    try PrivateFile.write("nonsense\n", to: "\(directory.path)/device")
    #expect(throws: ProfileError.self) { try profile.deviceID() }
  }

  @Test("one process at a time records with a profile")
  func lock() throws {
    let lock = try #require(try profile.lockJournal())
    #expect(try profile.lockJournal() == nil)
    lock.release()
    let next = try profile.lockJournal()
    #expect(next != nil)
  }
}

@Suite struct ServerAddressTests {
  @Test("a host and a port are read, and nothing else")
  func parse() {
    #expect(ServerAddress("localhost:7443") == ServerAddress(host: "localhost", port: 7443))
    #expect(ServerAddress("[::1]:80")?.host == "::1")
    #expect(ServerAddress("[::1]:80")?.description == "[::1]:80")
    for text in [
      "", "host", "host:", ":80", "host:0", "host:65536", "::1:80", "a b:1", "h:+1", "h:8x",
    ] {
      #expect(ServerAddress(text) == nil, "\(text)")
    }
  }
}
