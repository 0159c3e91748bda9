internal import Glibc

/// The write-ahead log beside a database file, read without SQLite
/// (https://sqlite.org/fileformat2.html, section 4).
///
/// SQLite reads a log up to the first frame that is not sound and takes the rest for what a crash
/// left of the last transaction. Damage looks the same to it, and it removes the log when it closes
/// the file. So who must not lose a commit asks here first.
package enum WriteAheadLog {
  private static let headerBytes = 32
  private static let frameHeaderBytes = 24

  /// Where the log of a database file stands.
  package static func path(of database: String) -> String { database + "-wal" }

  /// Whether the log holds commits that SQLite will not read.
  ///
  /// One transaction after the sound part is what a crash may leave: it was never acknowledged.
  /// Two are damage, because the second began when the first was on the disk; and so is a header
  /// that is neither sound nor empty. False where there is no log, or it cannot be read.
  package static func hasUnreadableCommits(of database: String) -> Bool {
    let descriptor = open(path(of: database), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    guard let bytes = read(descriptor, headerBytes, at: 0) else { return false }
    guard let header = Header(bytes) else { return bytes.contains { $0 != 0 } }
    var checksum = header.checksum
    var isSound = true
    var unread = 0
    var place = headerBytes
    while let frame = read(descriptor, frameHeaderBytes + header.pageBytes, at: place) {
      place += frame.count
      let isOfThisLog = frame[8..<16].elementsEqual(header.salts)
      if isSound, isOfThisLog {
        checksum.add(frame[..<8], isBigEndian: header.isBigEndian)
        checksum.add(frame[frameHeaderBytes...], isBigEndian: header.isBigEndian)
        if checksum.isStored(in: frame[16..<24]) { continue }
      }
      isSound = false
      let isCommit = frame[4..<8].contains { $0 != 0 }
      if isOfThisLog, isCommit { unread += 1 }
      if unread > 1 { return true }
    }
    return false
  }

  private static func read(_ descriptor: CInt, _ count: Int, at place: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress?.advanced(by: filled), count - filled, place + filled)
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { return nil }
      filled += got
    }
    return bytes
  }

  private struct Header {
    let isBigEndian: Bool
    let pageBytes: Int
    let salts: ArraySlice<UInt8>
    let checksum: Checksum

    init?(_ bytes: [UInt8]) {
      let magic = number(bytes[..<4], isBigEndian: true)
      let pageBytes = Int(number(bytes[8..<12], isBigEndian: true))
      guard magic & ~1 == 0x377f_0682, (512...65_536).contains(pageBytes),
        pageBytes & (pageBytes - 1) == 0
      else { return nil }
      isBigEndian = magic & 1 == 1
      var checksum = Checksum()
      checksum.add(bytes[..<24], isBigEndian: isBigEndian)
      guard checksum.isStored(in: bytes[24..<32]) else { return nil }
      self.pageBytes = pageBytes
      self.checksum = checksum
      salts = bytes[16..<24]
    }
  }

  /// Two sums over 32-bit words, each fed by the other.
  private struct Checksum {
    private var first: UInt32 = 0
    private var second: UInt32 = 0

    mutating func add(_ bytes: ArraySlice<UInt8>, isBigEndian: Bool) {
      for place in stride(from: bytes.startIndex, to: bytes.endIndex, by: 8) {
        first &+= number(bytes[place..<place + 4], isBigEndian: isBigEndian) &+ second
        second &+= number(bytes[place + 4..<place + 8], isBigEndian: isBigEndian) &+ first
      }
    }

    func isStored(in bytes: ArraySlice<UInt8>) -> Bool {
      first == number(bytes.prefix(4), isBigEndian: true)
        && second == number(bytes.suffix(4), isBigEndian: true)
    }
  }

  private static func number(_ bytes: ArraySlice<UInt8>, isBigEndian: Bool) -> UInt32 {
    let value = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return isBigEndian ? value : value.byteSwapped
  }
}
