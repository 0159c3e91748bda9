/// What a GPX 1.0 or 1.1 file says about tracks; waypoints and routes are left out.
///
/// Source: <https://www.topografix.com/GPX/1/1/> and <https://www.topografix.com/gpx_manual.asp>.
public struct GPXDocument: Sendable, Hashable {
  /// The program that wrote the file; empty when it does not say.
  public var creator = ""

  /// The file's own name for itself; empty when it has none.
  public var name = ""

  /// Tracks in the order of the file, empty ones included.
  public var tracks: [GPXTrack] = []

  /// Optional values (altitude, heart rate, …) that were no numbers or out of range, and so left out.
  public var ignoredValueCount = 0

  /// Creates an empty document.
  public init() {}

  /// All points of all segments of all tracks.
  ///
  /// - Complexity: O(segments).
  public var pointCount: Int {
    tracks.reduce(0) { $0 + $1.segments.reduce(0) { $0 + $1.points.count } }
  }
}

/// One `<trk>`.
public struct GPXTrack: Sendable, Hashable {
  /// Its name; may be empty.
  public var name = ""

  /// The kind of activity in the writer's words ("running", "9"); may be empty.
  public var type = ""

  /// Its segments in the order of the file, empty ones included.
  public var segments: [GPXSegment] = []

  /// Creates a track without segments.
  public init() {}
}

/// One `<trkseg>`: points without a gap in reception or recording.
public struct GPXSegment: Sendable, Hashable {
  /// Its points in the order of the file.
  public var points: [GPXPoint] = []

  /// Creates a segment without points.
  public init() {}
}

/// One `<trkpt>`, in the units that samples are kept in.
public struct GPXPoint: Sendable, Hashable {
  /// WGS84 latitude in 1e-7 degrees, -900,000,000 to 900,000,000, north positive.
  public var latitudeE7: Int32

  /// WGS84 longitude in 1e-7 degrees, -1,800,000,000 to 1,800,000,000, east positive.
  public var longitudeE7: Int32

  /// Altitude above mean sea level, 0.1 m.
  public var altitudeDecimeters: Int32?

  /// Milliseconds since 1970-01-01T00:00:00Z; times without a zone are UTC, as GPX prescribes.
  public var timeMilliseconds: Int64?

  /// Heart rate, beats per minute, 1 to 300.
  public var heartRateBPM: Int32?

  /// Cadence, revolutions or strides per minute.
  public var cadenceRPM: Int32?

  /// Measured speed, 0.01 m/s.
  public var speedCentimetersPerSecond: Int32?

  /// Horizontal dilution of precision, 0.01; a factor, not a length.
  public var horizontalDilutionHundredths: Int32?

  /// Power, watts.
  public var powerWatts: Int32?

  /// Air temperature, 0.1 degrees Celsius.
  public var temperatureDecicelsius: Int32?

  /// The line of the file that its `<trkpt` stands on, from 1.
  public var line: Int

  /// Creates a point that has a position and nothing else.
  public init(latitudeE7: Int32, longitudeE7: Int32, line: Int = 0) {
    self.latitudeE7 = latitudeE7
    self.longitudeE7 = longitudeE7
    self.line = line
  }
}

/// A GPX file that cannot be read, with the place.
public struct GPXError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file, as the caller named it.
  public var file: String

  /// The line, from 1; nil when the file as a whole is at fault.
  public var line: Int?

  /// What is wrong.
  public var message: String

  /// `file:line: message`.
  public var description: String {
    if let line { "\(file):\(line): \(message)" } else { "\(file): \(message)" }
  }
}

/// What a GPX file may cost its reader.
public struct GPXLimits: Sendable, Hashable {
  /// Bytes in the file: an activity of 24 hours at 1 Hz with all extensions is about 30 MB.
  public var fileBytes = 128 << 20

  /// Points in all tracks together: eleven days at 1 Hz.
  public var points = 1_000_000

  /// Tracks and segments together.
  public var segments = 10_000

  /// Elements inside one another.
  public var depth = 64

  /// Bytes of one element's text that is kept: a name, a number.
  public var textBytes = 4096

  /// Bytes of one tag, comment or attribute.
  ///
  /// Expat scans an unfinished one again with each piece it is fed, so without this bound the time
  /// would grow with the square of its length.
  public var tokenBytes = 1 << 20

  /// Creates the default limits.
  public init() {}
}
