import MartletWire
import Testing
import WireTestSchema

/// Held against the standard library's own validation.
@Suite("UTF-8 in strings")
struct TextTests {
  /// Bytes at which a rule of RFC 3629 changes.
  private static let edges: [UInt8] = [
    0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
    0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
  ]

  /// Whether decoding says of bytes what the standard library says.
  private func agrees(_ text: [UInt8]) -> Bool {
    let expected = String(validating: text, as: UTF8.self)
    let length = [UInt8(text.count & 0x7f | (text.count < 0x80 ? 0 : 0x80))]
    let encoded = [0x72] + length + (text.count < 0x80 ? [] : [UInt8(text.count >> 7)]) + text
    let read = try? Scalars(decoding: encoded)
    guard let expected else { return read == nil }
    return read.map { Array($0.fString.utf8) } == Array(expected.utf8)
  }

  @Test("every one and two bytes")
  func pairs() {
    for first in 0...0xff as ClosedRange<UInt8> {
      #expect(agrees([first]))
      for second in 0...0xff as ClosedRange<UInt8> where !agrees([first, second]) {
        Issue.record("\(first) \(second)")
      }
    }
  }

  @Test("three and four bytes where the rules change")
  func quadruples() {
    for first in Self.edges {
      for second in Self.edges {
        for third in Self.edges {
          if !agrees([first, second, third]) { Issue.record("\(first) \(second) \(third)") }
          for fourth in [0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff] as [UInt8]
          where !agrees([first, second, third, fourth]) {
            Issue.record("\(first) \(second) \(third) \(fourth)")
          }
        }
      }
    }
  }

  @Test("at every place of texts short and long, whole and cut off")
  func places() {
    let scalars: [[UInt8]] = [
      [0xc2, 0x80], [0xdf, 0xbf], [0xe0, 0xa0, 0x80], [0xed, 0x9f, 0xbf], [0xef, 0xbf, 0xbf],
      [0xf0, 0x90, 0x80, 0x80], [0xf4, 0x8f, 0xbf, 0xbf], [0xed, 0xa0, 0x80], [0xc0, 0x80],
      [0xf4, 0x90, 0x80, 0x80], [0x80],
    ]
    for scalar in scalars {
      for before in 0..<34 {
        for after in [0, 1, 7, 8, 9, 15, 16, 17] {
          for cut in 0..<scalar.count {
            let text =
              [UInt8](repeating: 0x61, count: before) + scalar.dropLast(cut)
              + [UInt8](repeating: 0x7a, count: after)
            if !agrees(text) { Issue.record("\(text)") }
          }
        }
      }
    }
  }
}
