import Glibc
import TestFiles
import Testing
import WorkoutCore
import WorkoutStore

@testable import WorkoutService

@Suite("private files")
struct PrivateFileTests {
  @Test("come back as they were written, and only their owner may read them")
  func roundTrip() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/key.pem"
    #expect(try PrivateFile.read(path) == nil)
    try PrivateFile.create(path, [1, 2, 3])
    #expect(try PrivateFile.read(path) == [1, 2, 3])
    var status = stat()
    #expect(stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
  }

  @Test("are refused when others may read them")
  func openToOthers() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/key.pem"
    try PrivateFile.create(path, [1])
    chmod(path, 0o644)
    let error = #expect(throws: CryptoError.self) { try PrivateFile.read(path) }
    #expect(error?.description.contains("chmod 600") == true)
  }

  @Test("that are too large are refused")
  func tooLarge() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/key.pem"
    try PrivateFile.create(path, [UInt8](repeating: 1, count: 20_000))
    #expect(throws: CryptoError.self) { try PrivateFile.read(path) }
  }

  @Test("cannot be made where there is no directory, and the error says where")
  func noDirectory() throws {
    let error = #expect(throws: CryptoError.self) {
      try PrivateFile.create("/nonexistent/key.pem", [1])
    }
    #expect(error?.description.contains("/nonexistent/key.pem") == true)
  }

  @Test("a signing key stays the same over a restart, and a damaged one is refused")
  func signingKey() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/signing-key.pem"
    let token = try TokenSigner(keyFile: path).accessToken(
      userID: .init(try id(1)),
      sessionID: SessionID(try id(2)),
      deviceID: .init(try id(3)),
      nowSeconds: 1000
    )
    let restarted = try TokenSigner(keyFile: path).verifier()
    #expect(try restarted.accept(token, nowSeconds: 1000).sessionID == SessionID(id(2)))
    unlink(path)
    try PrivateFile.create(path, [UInt8]("-----BEGIN PRIVATE KEY-----\n".utf8))
    let error = #expect(throws: CryptoError.self) { try TokenSigner(keyFile: path) }
    #expect(error?.description.contains(path) == true)
  }
}
