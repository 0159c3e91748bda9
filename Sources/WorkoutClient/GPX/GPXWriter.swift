package import WorkoutCore

/// Writes a workout as GPX 1.1, piece by piece.
///
/// Sensor values stand in Garmin's TrackPointExtension v2 and in `<power>`, where other programs
/// look for them. `GPXDocument` reads the same samples back, except those without a position, for
/// which GPX has no place, and finer steps of accuracy than 0.04 m, as GPX has HDOP only.
package struct GPXWriter {
  /// What stands in the file besides the samples.
  package struct Description: Sendable, Hashable {
    package var title: String
    /// In the words of `<type>`.
    package var type: String

    package init(title: String, type: String) {
      self.title = title
      self.type = type
    }
  }

  /// How many points a piece of text holds: some hundred kilobytes.
  private static let pointsPerPiece = 1000

  /// Writes the file.
  ///
  /// - Parameters:
  ///   - description: What stands besides the samples.
  ///   - samples: In order.
  ///   - pauses: When time was not counted; the track is broken there. In order.
  ///   - write: Takes the text, piece after piece.
  /// - Returns: How many samples had no position and are left out.
  /// - Throws: What `write` throws.
  package static func write(
    _ description: Description,
    samples: [TrackSample],
    pauses: [Int64],
    to write: (String) throws -> Void
  ) throws -> Int {
    var writer = GPXWriter(pauses: pauses[...])
    writer.text = heading(description)
    for (place, sample) in samples.enumerated() {
      writer.add(sample)
      if place % pointsPerPiece == pointsPerPiece - 1 {
        try write(writer.text)
        writer.text = ""
      }
    }
    if writer.lastTimeMs != nil { writer.text += "</trkseg>\n" }
    try write(writer.text + "</trk>\n</gpx>\n")
    return writer.leftOut
  }

  private var text = ""
  private var pauses: ArraySlice<Int64>
  private var lastTimeMs: Int64?
  private var leftOut = 0

  private init(pauses: ArraySlice<Int64>) { self.pauses = pauses }

  private static func heading(_ description: Description) -> String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <gpx version="1.1" creator="Martlet" xmlns="http://www.topografix.com/GPX/1/1" \
    xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">
    <trk><name>\(escaped(description.title))</name><type>\(escaped(description.type))</type>

    """
  }

  private mutating func add(_ sample: TrackSample) {
    guard let position = sample.position else {
      leftOut += 1
      return
    }
    if let lastTimeMs {
      if isPaused(from: lastTimeMs, to: sample.timeMs) { text += "</trkseg>\n<trkseg>\n" }
    } else {
      text += "<trkseg>\n"
    }
    lastTimeMs = sample.timeMs
    text += "<trkpt lat=\"\(decimal(Int64(position.latitudeE7), 7))\""
    text += " lon=\"\(decimal(Int64(position.longitudeE7), 7))\">"
    if let altitude = sample.altitudeDm { text += "<ele>\(decimal(Int64(altitude), 1))</ele>" }
    text += "<time>\(XMLTime.text(milliseconds: sample.timeMs))</time>"
    if let accuracy = sample.horizontalAccuracyDm {
      let hundredths = Int64(accuracy) * 100 / Int64(TrackSample.accuracyPerDilutionDm)
      text += "<hdop>\(decimal(hundredths, 2))</hdop>"
    }
    text += extensions(sample) + "</trkpt>\n"
  }

  private mutating func isPaused(from: Int64, to: Int64) -> Bool {
    while let pause = pauses.first, pause < from { pauses.removeFirst() }
    guard let pause = pauses.first, pause < to else { return false }
    return true
  }

  /// In the order that the extension's schema prescribes.
  private func extensions(_ sample: TrackSample) -> String {
    var inner = ""
    if let value = sample.temperatureDecicelsius {
      inner += "<gpxtpx:atemp>\(decimal(Int64(value), 1))</gpxtpx:atemp>"
    }
    if let value = sample.heartRateBpm { inner += "<gpxtpx:hr>\(value)</gpxtpx:hr>" }
    if let value = sample.cadenceRpm { inner += "<gpxtpx:cad>\(value)</gpxtpx:cad>" }
    if let value = sample.speedCmps {
      inner += "<gpxtpx:speed>\(decimal(Int64(value), 2))</gpxtpx:speed>"
    }
    if !inner.isEmpty {
      inner = "<gpxtpx:TrackPointExtension>\(inner)</gpxtpx:TrackPointExtension>"
    }
    if let value = sample.powerWatts { inner = "<power>\(value)</power>" + inner }
    return inner.isEmpty ? "" : "<extensions>\(inner)</extensions>"
  }
}

/// A whole number of 10^-digits as a decimal.
private func decimal(_ value: Int64, _ digits: Int) -> String {
  let text = String(value.magnitude)
  let padded = String(repeating: "0", count: max(0, digits + 1 - text.utf8.count)) + text
  return (value < 0 ? "-" : "") + padded.dropLast(digits) + "." + padded.suffix(digits)
}

/// Text for an element: without what XML 1.0 cannot hold (section 2.2).
private func escaped(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\t", "\n", "\r": result += " "
    case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: break
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
