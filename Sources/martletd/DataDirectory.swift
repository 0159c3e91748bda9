internal import Glibc
internal import MartletNet
internal import WorkoutService

/// What lies in the data directory besides the store.
struct DataDirectory {
  /// The files that a TLS server needs.
  struct Certificate {
    let certificate: String
    let key: String
  }

  let path: String

  /// Where the store lives; it keeps a lock there, so that two servers never share a directory.
  var store: String { path + "/store" }

  private var keyFile: String { path + "/signing-key.pem" }
  private var tls: String { path + "/tls" }

  init(_ path: String) { self.path = path }

  /// Makes the directory, for its owner only, and sees that it can be written.
  func create() throws(StartFailure) {
    try make(path)
    guard unsafe access(path, W_OK | X_OK) == 0 else {
      throw Self.failure("write to \(path)")
    }
  }

  /// Reads the key that signs access tokens, or makes it on the first start.
  func signer() throws(StartFailure) -> TokenSigner {
    do throws(CryptoError) {
      return try TokenSigner(keyFile: keyFile)
    } catch {
      throw StartFailure(
        exitCode: .configuration,
        message: "\(error). Restore the key from a backup; or remove the file for a new one: "
          + "access tokens end then, log-ins stay."
      )
    }
  }

  /// The certificate to show; for development it is made on the first start.
  func certificate(for security: ServerSettings.Security) throws(StartFailure) -> Certificate? {
    switch security {
    case .plaintext: return nil
    case .files(let certificate, let key):
      for file in [certificate, key] {
        guard unsafe access(file, R_OK) == 0 else {
          throw StartFailure(
            exitCode: .configuration,
            message:
              "cannot read \(file): \(Self.reason()). Give a PEM file that this user may read."
          )
        }
      }
      return Certificate(certificate: certificate, key: key)
    case .development: return try developmentCertificate()
    }
  }

  private func developmentCertificate() throws(StartFailure) -> Certificate {
    let files = Certificate(certificate: tls + "/certificate.pem", key: tls + "/key.pem")
    if unsafe access(files.certificate, F_OK) == 0, unsafe access(files.key, F_OK) == 0 {
      return files
    }
    try make(tls)
    // A crash between the two may have left one of them.
    _ = unsafe unlink(files.certificate)
    _ = unsafe unlink(files.key)
    do throws(NetError) {
      let written = try DevelopmentCertificate.write(directory: tls)
      return Certificate(certificate: written.certificate, key: written.privateKey)
    } catch {
      throw StartFailure(
        exitCode: .cannotCreate,
        message: "cannot write a development certificate into \(tls): \(error)"
      )
    }
  }

  /// Makes a directory and, where they are missing, those above it.
  private func make(_ path: String) throws(StartFailure) {
    if unsafe mkdir(path, 0o700) == 0 { return }
    if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      try make(String(path[..<slash]))
      if unsafe mkdir(path, 0o700) == 0 { return }
    }
    guard errno == EEXIST else { throw Self.failure("make the directory \(path)") }
    var status = stat()
    guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw StartFailure(exitCode: .cannotCreate, message: "\(path) is not a directory")
    }
  }

  private static func failure(_ action: String) -> StartFailure {
    StartFailure(
      exitCode: .cannotCreate,
      message: "cannot \(action): \(reason()). Give a directory that this user may write "
        + "with --data."
    )
  }

  private static func reason() -> String { unsafe String(cString: strerror(errno)) }
}
