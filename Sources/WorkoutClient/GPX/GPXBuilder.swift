/// Turns XML events into a document.
///
/// Unknown elements and all inside them are skipped.
final class GPXBuilder: XMLEvents {
  /// Where the parser stands.
  ///
  /// Only these elements matter; the rest is `.skipped`.
  private enum Element {
    case gpx, metadata, track, segment, point
    /// `<extensions>` of a point, and whatever groups values inside it.
    case extensions
    case field(Field)
    case skipped
  }

  /// Elements whose text is read.
  private enum Field {
    case documentName, trackName, trackType
    case altitude, time, speed, dilution
    case heartRate, cadence, power, temperature
  }

  private(set) var document = GPXDocument()
  /// Stops the parser.
  var fail: (String) -> Void = { _ in }

  private let limits: GPXLimits
  private var path: [Element] = []
  private var buffer: [UInt8] = []
  private var point: GPXPoint?
  private var pointCount = 0
  private var segmentCount = 0

  init(limits: GPXLimits) { self.limits = limits }

  func startElement(_ name: Substring, attribute: (StaticString) -> String?, line: Int) {
    let element = child(name)
    path.append(element)
    switch element {
    case .gpx: document.creator = attribute("creator") ?? ""
    case .track: startTrack()
    case .segment: startSegment()
    case .point: startPoint(attribute("lat"), attribute("lon"), line: line)
    case .field: buffer.removeAll(keepingCapacity: true)
    case .metadata, .extensions, .skipped: break
    }
  }

  func endElement(line: Int) {
    switch path.popLast() {
    case .field(let field): assign(field)
    case .point: endPoint()
    default: break
    }
  }

  func text(_ utf8: UnsafeBufferPointer<UInt8>, line: Int) {
    guard case .field = path.last else { return }
    guard buffer.count + utf8.count <= limits.textBytes else {
      fail("a value is longer than \(limits.textBytes) bytes")
      return
    }
    unsafe buffer.append(contentsOf: utf8)
  }

  /// What an element means where it stands.
  private func child(_ name: Substring) -> Element {
    switch path.last {
    case nil:
      if name != "gpx" { fail("<\(name.prefix(80))> where <gpx> was expected: no GPX file") }
      return .gpx
    case .gpx:
      switch name {
      case "trk": return .track
      case "metadata": return .metadata
      case "name": return .field(.documentName)
      default: return .skipped
      }
    case .metadata: return name == "name" ? .field(.documentName) : .skipped
    case .track:
      switch name {
      case "trkseg": return .segment
      case "name": return .field(.trackName)
      case "type": return .field(.trackType)
      default: return .skipped
      }
    case .segment: return name == "trkpt" ? .point : .skipped
    case .point: return pointChild(name)
    case .extensions: return extensionChild(name)
    case .field, .skipped: return .skipped
    }
  }

  private func pointChild(_ name: Substring) -> Element {
    switch name {
    case "ele": .field(.altitude)
    case "time": .field(.time)
    case "speed": .field(.speed)
    case "hdop": .field(.dilution)
    case "extensions": .extensions
    default: .skipped
    }
  }

  /// Garmin's TrackPointExtension v1 and v2, Cluetrust's gpxdata, and the bare `<power>` that
  /// Strava and others write.
  ///
  /// An unknown element may group known ones, so it is looked into.
  private func extensionChild(_ name: Substring) -> Element {
    switch name {
    case "hr", "heartrate": .field(.heartRate)
    case "cad", "cadence": .field(.cadence)
    case "power", "PowerInWatts", "watts": .field(.power)
    case "atemp", "temp", "temperature": .field(.temperature)
    case "speed": .field(.speed)
    case "hdop": .field(.dilution)
    default: .extensions
    }
  }

  private func startTrack() {
    countSegment()
    document.tracks.append(GPXTrack())
  }

  private func startSegment() {
    countSegment()
    document.tracks[document.tracks.count - 1].segments.append(GPXSegment())
  }

  private func countSegment() {
    segmentCount += 1
    if segmentCount > limits.segments {
      fail("more than \(limits.segments) tracks and segments")
    }
  }

  private func startPoint(_ latitude: String?, _ longitude: String?, line: Int) {
    pointCount += 1
    guard pointCount <= limits.points else {
      fail("more than \(limits.points) points")
      return
    }
    guard let latitude, let longitude else {
      fail("<trkpt> without \(latitude == nil ? "lat" : "lon")")
      return
    }
    guard let lat = decimal(latitude, scale: 1e7, range: -900_000_000...900_000_000) else {
      fail("latitude \"\(latitude.prefix(40))\" is no number from -90 to 90")
      return
    }
    guard let lon = decimal(longitude, scale: 1e7, range: -1_800_000_000...1_800_000_000) else {
      fail("longitude \"\(longitude.prefix(40))\" is no number from -180 to 180")
      return
    }
    point = GPXPoint(latitudeE7: lat, longitudeE7: lon, line: line)
  }

  private func endPoint() {
    guard let point else { return }
    let track = document.tracks.count - 1
    let segment = document.tracks[track].segments.count - 1
    document.tracks[track].segments[segment].points.append(point)
    self.point = nil
  }

  private func assign(_ field: Field) {
    let text = trimmed(String(decoding: buffer, as: UTF8.self))
    switch field {
    case .documentName: document.name = text
    case .trackName: document.tracks[document.tracks.count - 1].name = text
    case .trackType: document.tracks[document.tracks.count - 1].type = text
    case .time: assignTime(text)
    case .altitude: optional(text, 10, -20_000...1_000_000, into: \.altitudeDecimeters)
    case .speed: optional(text, 100, 0...60_000, into: \.speedCentimetersPerSecond)
    case .dilution: optional(text, 100, 0...100_000, into: \.horizontalDilutionHundredths)
    // Devices write 0 while the strap has no contact; that is no heart rate.
    case .heartRate: optional(text, 1, 1...300, into: \.heartRateBPM)
    case .cadence: optional(text, 1, 0...1000, into: \.cadenceRPM)
    case .power: optional(text, 1, 0...10_000, into: \.powerWatts)
    case .temperature: optional(text, 10, -1000...1000, into: \.temperatureDecicelsius)
    }
  }

  /// A time decides where a sample belongs, so a bad one is an error, unlike a bad sensor value.
  private func assignTime(_ text: String) {
    guard point != nil, !text.isEmpty else { return }
    guard let milliseconds = XMLTime.milliseconds(parsing: text) else {
      fail("time \"\(text.prefix(40))\" is no date and time")
      return
    }
    point?.timeMilliseconds = milliseconds
  }

  private func optional(
    _ text: String,
    _ scale: Double,
    _ range: ClosedRange<Int32>,
    into path: WritableKeyPath<GPXPoint, Int32?>
  ) {
    guard point != nil, !text.isEmpty else { return }
    guard let value = decimal(text, scale: scale, range: range) else {
      document.ignoredValueCount += 1
      return
    }
    point?[keyPath: path] = value
  }
}

/// The text as a scaled whole number, rounded to the nearest; nil when it is no number or outside
/// `range`.
///
/// Exponents are taken although xsd:decimal has none: some recorders write them.
private func decimal(_ text: String, scale: Double, range: ClosedRange<Int32>) -> Int32? {
  let text = trimmed(text)
  // Double also reads "nan", "inf" and hexadecimal; none is a decimal.
  let isDecimal = text.utf8.allSatisfy {
    (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0)
  }
  guard isDecimal, text.utf8.count <= 64, let value = Double(text) else { return nil }
  let scaled = (value * scale).rounded()
  guard scaled >= Double(range.lowerBound), scaled <= Double(range.upperBound) else { return nil }
  return Int32(scaled)
}

/// The text without white space at its ends (XML's four characters).
private func trimmed(_ text: String) -> String {
  let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
  let bytes = text.utf8
  guard let first = bytes.firstIndex(where: { !isSpace($0) }) else { return "" }
  let last = bytes.lastIndex(where: { !isSpace($0) }) ?? first
  return String(text[first...last])
}
