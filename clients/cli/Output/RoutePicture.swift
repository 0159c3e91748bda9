import Glibc
import WorkoutCore

/// A route drawn with Braille characters: two by four dots in each, north up, to scale.
struct RoutePicture {
  private var dots: [UInt8]
  private let columns: Int
  private let rows: Int

  /// Draws legs between positions; a nil breaks the line, as a pause does.
  ///
  /// Fits the picture into the given number of characters, keeping its proportions at its latitude.
  ///
  /// - Returns: Nothing for fewer than two different positions.
  init?(_ route: [Position?], maximumColumns: Int = 56, maximumRows: Int = 18) {
    let places = route.compactMap { $0 }
    guard let first = places.first, places.contains(where: { $0 != first }) else { return nil }
    let middle = Double(first.latitudeE7) * 1e-7 * .pi / 180
    // Longitudes relative to the first one, so that the antimeridian is no edge.
    let points = route.map { place in
      place.map { place -> (x: Double, y: Double) in
        let east = Double(place.longitudeE7) - Double(first.longitudeE7)
        let wrapped = east - (east / 3.6e9).rounded() * 3.6e9
        return (wrapped * cos(middle), -Double(place.latitudeE7))
      }
    }
    let xs = points.compactMap { $0?.x }
    let ys = points.compactMap { $0?.y }
    guard let left = xs.min(), let right = xs.max(), let top = ys.min(), let bottom = ys.max()
    else { return nil }
    let scale = min(
      Double(maximumColumns * 2 - 1) / max(right - left, 1e-9),
      Double(maximumRows * 4 - 1) / max(bottom - top, 1e-9)
    )
    columns = Int((right - left) * scale) / 2 + 1
    rows = Int((bottom - top) * scale) / 4 + 1
    dots = [UInt8](repeating: 0, count: columns * rows)
    var last: (x: Int, y: Int)?
    for point in points {
      let next = point.map { (x: Int(($0.x - left) * scale), y: Int(($0.y - top) * scale)) }
      if let next { drawLine(from: last ?? next, to: next) }
      last = next
    }
  }

  /// The picture, a line of text for each row.
  var lines: [String] {
    (0..<rows).map { row in
      var line = ""
      for column in 0..<columns {
        let pattern = UInt32(dots[row * columns + column])
        if let scalar = Unicode.Scalar(0x2800 + pattern) {
          line.unicodeScalars.append(pattern == 0 ? " " : scalar)
        }
      }
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }

  /// Bits of the dots of a Braille character, by row and column (Unicode 15, section 21.1).
  private static let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]

  private mutating func mark(_ x: Int, _ y: Int) {
    let place = min(y / 4, rows - 1) * columns + min(x / 2, columns - 1)
    dots[place] |= Self.bits[y % 4][x % 2]
  }

  private mutating func drawLine(from start: (x: Int, y: Int), to end: (x: Int, y: Int)) {
    let steps = max(abs(end.x - start.x), abs(end.y - start.y), 1)
    for step in 0...steps {
      mark(
        start.x + (end.x - start.x) * step / steps,
        start.y + (end.y - start.y) * step / steps
      )
    }
  }
}

/// A row of values as bars of eight heights.
enum Sparkline {
  private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// Draws means over equal stretches; a stretch without values is a space.
  ///
  /// - Returns: The bars with the lowest and highest mean; nil without values.
  static func draw(_ values: [Double?], columns: Int = 56) -> (
    text: String, low: Double, high: Double
  )? {
    let width = min(columns, values.count)
    guard width > 0 else { return nil }
    let means = (0..<width).map { column -> Double? in
      let stretch = values[column * values.count / width..<(column + 1) * values.count / width]
      let present = stretch.compactMap { $0 }
      return present.isEmpty ? nil : present.reduce(0, +) / Double(present.count)
    }
    let present = means.compactMap { $0 }
    guard let low = present.min(), let high = present.max() else { return nil }
    let text = means.map { mean -> Character in
      guard let mean else { return " " }
      guard high > low else { return bars[3] }
      return bars[min(7, Int((mean - low) / (high - low) * 8))]
    }
    return (String(text), low, high)
  }
}
