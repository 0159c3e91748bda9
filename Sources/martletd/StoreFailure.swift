internal import WorkoutStore

extension StartFailure {
  /// What it means that the store does not open.
  init(_ error: StoreError, data: String) {
    switch error {
    case .inUse:
      self.init(
        exitCode: .inUse,
        message: "\(data) is in use by another martletd: stop it, or give another --data."
      )
    case .diskFull(let path):
      self.init(exitCode: .disk, message: "the disk is full at \(path): make room and start again.")
    case .readOnly(let path):
      self.init(
        exitCode: .cannotCreate,
        message: "cannot write \(path): give this user the right, or another --data."
      )
    case .io(let error):
      self.init(exitCode: .disk, message: "cannot open the data in \(data): \(error)")
    case .incompatible(let reason):
      self.init(
        exitCode: .configuration,
        message: "the data in \(data) does not fit: \(reason)"
      )
    default:
      self.init(exitCode: .disk, message: "cannot open the data in \(data): \(error)")
    }
  }
}
