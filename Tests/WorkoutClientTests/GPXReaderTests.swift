import Glibc
import Testing

@testable import WorkoutClient

/// One track with one segment of these points.
private func track(_ points: String) -> String {
  "<gpx version=\"1.1\" creator=\"test\"><trk><trkseg>\n\(points)\n</trkseg></trk></gpx>"
}

private func parse(_ text: String, limits: GPXLimits = GPXLimits()) throws(GPXError) -> GPXDocument
{
  try GPXDocument(parsing: Array(text.utf8), file: "t.gpx", limits: limits)
}

private func onlyPoint(_ points: String) throws -> GPXPoint {
  try #require(try parse(track(points)).tracks.first?.segments.first?.points.first)
}

@Suite struct GPXReaderTests {
  @Test("a point has its position, altitude, time and line")
  func plainPoint() throws {
    let point = try onlyPoint(
      """
      <trkpt lat="58.9591828" lon="-5.7288390">
        <ele> 55.04 </ele><time>2015-08-15T14:45:08Z</time></trkpt>
      """
    )
    #expect(point.latitudeE7 == 589_591_828)
    #expect(point.longitudeE7 == -57_288_390)
    #expect(point.altitudeDecimeters == 550)
    #expect(point.timeMilliseconds == 1_439_649_908_000)
    #expect(point.line == 2)
    #expect(point.heartRateBPM == nil)
  }

  @Test(
    "sensor values are found in every extension in use",
    arguments: [
      "<tpx:TrackPointExtension xmlns:tpx=\"http://www.garmin.com/xmlschemas/TrackPointExtension/v1\">"
        + "<tpx:atemp>21.5</tpx:atemp><tpx:hr>150</tpx:hr><tpx:cad>88</tpx:cad>"
        + "</tpx:TrackPointExtension><power>250</power>",
      // Prefixes that nobody declared, grouped twice.
      "<a:b><c:TrackPointExtension><c:atemp>21.5</c:atemp><c:hr>150</c:hr><c:cad>88</c:cad>"
        + "</c:TrackPointExtension></a:b><pwr:PowerInWatts>250</pwr:PowerInWatts>",
      "<gpxdata:hr>150</gpxdata:hr><gpxdata:cadence>88</gpxdata:cadence>"
        + "<gpxdata:temp>21.5</gpxdata:temp><power>250</power>",
    ]
  )
  func extensions(inner: String) throws {
    let point = try onlyPoint(
      "<trkpt lat=\"1\" lon=\"2\"><extensions>\(inner)</extensions></trkpt>"
    )
    #expect(point.heartRateBPM == 150)
    #expect(point.cadenceRPM == 88)
    #expect(point.temperatureDecicelsius == 215)
    #expect(point.powerWatts == 250)
  }

  @Test("speed and hdop are read from GPX 1.0's elements and from extensions")
  func speed() throws {
    let old = try onlyPoint(
      "<trkpt lat=\"1\" lon=\"2\"><speed>2.345</speed><hdop>1.5</hdop></trkpt>"
    )
    #expect(old.speedCentimetersPerSecond == 235)
    #expect(old.horizontalDilutionHundredths == 150)
    let new = try onlyPoint(
      "<trkpt lat=\"1\" lon=\"2\"><extensions><x><speed>3</speed></x></extensions></trkpt>"
    )
    #expect(new.speedCentimetersPerSecond == 300)
  }

  @Test("tracks, segments, names and types keep their order; waypoints and routes are skipped")
  func structure() throws {
    let document = try parse(
      """
      <?xml version="1.0"?>
      <g:gpx xmlns:g="http://www.topografix.com/GPX/1/1" creator="c &amp; d" version="1.1">
      <g:metadata><g:name>Füße</g:name><g:author><g:name>no</g:name></g:author></g:metadata>
      <g:wpt lat="9" lon="9"><g:name>no</g:name><g:time>nonsense</g:time></g:wpt>
      <g:rte><g:rtept lat="8" lon="8"/></g:rte>
      <g:trk><g:name>one</g:name><g:type>running</g:type><g:trkseg/>
      <g:trkseg><g:trkpt lat="1" lon="1"/><g:trkpt lat="2" lon="2"/></g:trkseg></g:trk>
      <g:trk><g:extensions><g:trkseg><g:trkpt lat="7" lon="7"/></g:trkseg></g:extensions>
      <g:trkseg><g:unknown><g:trkpt lat="7" lon="7"/></g:unknown><g:trkpt lat="3" lon="3"/></g:trkseg></g:trk>
      </g:gpx>
      """
    )
    #expect(document.creator == "c & d")
    #expect(document.name == "Füße")
    #expect(document.tracks.map(\.name) == ["one", ""])
    #expect(document.tracks.map(\.type) == ["running", ""])
    #expect(document.tracks.map { $0.segments.map(\.points.count) } == [[0, 2], [1]])
    let latitudes = document.tracks.flatMap(\.segments).flatMap(\.points).map(\.latitudeE7)
    #expect(latitudes == [10_000_000, 20_000_000, 30_000_000])
    #expect(document.pointCount == 3)
  }

  @Test("a byte order mark and UTF-16 are understood")
  func encodings() throws {
    let text = track("<trkpt lat=\"1\" lon=\"2\"/>")
    let marked = try GPXDocument(parsing: [0xEF, 0xBB, 0xBF] + Array(text.utf8), file: "t.gpx")
    #expect(marked.pointCount == 1)
    let wide: [UInt8] =
      [0xFF, 0xFE]
      + text.utf16.flatMap { unit -> [UInt8] in [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
    #expect(try GPXDocument(parsing: wide, file: "t.gpx").pointCount == 1)
  }

  @Test("a file fed one byte at a time reads the same as whole")
  func pieces() throws {
    let text = track(
      "<trkpt lat=\"1.5\" lon=\"2.5\"><ele>1234.5</ele><time>2024-02-29T23:59:59.999+01:00</time>"
        + "<extensions><hr>120</hr></extensions></trkpt>"
    )
    let bytes = Array(text.utf8)
    let whole = try GPXDocument(parsing: bytes, file: "t.gpx")
    #expect(try GPXDocument(parsing: bytes, file: "t.gpx", pieceBytes: 1) == whole)
    #expect(whole.tracks[0].segments[0].points[0].altitudeDecimeters == 12345)
  }

  @Test("sensor values that are no numbers or out of range are left out and counted")
  func ignoredValues() throws {
    let document = try parse(
      track(
        """
        <trkpt lat="1" lon="2"><ele>NaN</ele><extensions><hr>0</hr><cad>abc</cad><power>0x10</power>
        <atemp>1e300</atemp></extensions></trkpt>
        <trkpt lat="1" lon="2"><ele></ele><time/></trkpt>
        """
      )
    )
    #expect(document.ignoredValueCount == 5)
    let points = document.tracks[0].segments[0].points
    #expect(points.count == 2)
    #expect(points[0].heartRateBPM == nil && points[0].altitudeDecimeters == nil)
    #expect(points[1].timeMilliseconds == nil)
  }

  @Test("the ends of the earth are positions; beyond them is an error")
  func extremes() throws {
    let point = try onlyPoint("<trkpt lat=\"-90\" lon=\"180.00000000\"/>")
    #expect(point.latitudeE7 == -900_000_000 && point.longitudeE7 == 1_800_000_000)
    #expect(throws: GPXError.self) { try parse(track("<trkpt lat=\"90.0000001\" lon=\"0\"/>")) }
    #expect(throws: GPXError.self) { try parse(track("<trkpt lat=\"0\" lon=\"-180.0000001\"/>")) }
  }

  @Test(
    "errors name the file, the line and the fault",
    arguments: [
      ("<trkpt lat=\"91\" lon=\"2\"/>", "t.gpx:2: latitude \"91\" is no number from -90 to 90"),
      ("\n<trkpt lat=\"1\" lon=\"\"/>", "t.gpx:3: longitude \"\" is no number from -180 to 180"),
      ("<trkpt lat=\"1\"/>", "t.gpx:2: <trkpt> without lon"),
      ("<trkpt lat=\"nan\" lon=\"2\"/>", "t.gpx:2: latitude \"nan\" is no number from -90 to 90"),
      (
        "<trkpt lat=\"1\" lon=\"2\">\n<time>yesterday</time></trkpt>",
        "t.gpx:3: time \"yesterday\" is no date and time"
      ),
      ("<trkpt lat=\"1\" lon=\"2\">", "t.gpx:3: mismatched tag"),
    ]
  )
  func errors(points: String, message: String) throws {
    let error = #expect(throws: GPXError.self) { try parse(track(points)) }
    #expect(error?.description == message)
  }

  @Test("what is no GPX is refused")
  func noGPX() throws {
    #expect(throws: GPXError.self) { try parse("") }
    #expect(throws: GPXError.self) { try parse("hello") }
    #expect(throws: GPXError.self) { try parse(track("") + "<more/>") }
    let error = #expect(throws: GPXError.self) { try parse("<html></html>") }
    #expect(error?.description == "t.gpx:1: <html> where <gpx> was expected: no GPX file")
  }

  @Test("declared entities are refused before anything expands")
  func entities() throws {
    var bomb = "<!DOCTYPE gpx [<!ENTITY a0 \"ha\">"
    for level in 1...20 { bomb += "<!ENTITY a\(level) \"&a\(level - 1);&a\(level - 1);\">" }
    let error = #expect(throws: GPXError.self) {
      try parse(bomb + "]><gpx><metadata><name>&a20;</name></metadata></gpx>")
    }
    #expect(error?.message == "declarations of entities are not accepted")
    #expect(throws: GPXError.self) {
      try parse(
        "<!DOCTYPE gpx [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><gpx><name>&f;</name></gpx>"
      )
    }
    // Every element would repeat a declared attribute: a small file that takes hours to read.
    let defaults = #expect(throws: GPXError.self) {
      try parse("<!DOCTYPE gpx [<!ATTLIST trkpt lat CDATA \"1\" lon CDATA \"2\">]><gpx/>")
    }
    #expect(defaults?.message == "declarations of attributes are not accepted")
    // A document type alone does no harm.
    #expect(try parse("<!DOCTYPE gpx><gpx/>").pointCount == 0)
  }

  @Test("every limit has its error")
  func limits() throws {
    var limits = GPXLimits()
    limits.points = 2
    limits.segments = 3
    limits.depth = 5
    limits.textBytes = 10
    limits.tokenBytes = 200
    limits.fileBytes = 2000
    let point = "<trkpt lat=\"1\" lon=\"2\"/>"
    let cases = [
      (track(point + point + point), "more than 2 points"),
      ("<gpx><trk/><trk/><trk/><trk/></gpx>", "more than 3 tracks and segments"),
      ("<gpx><a><b><c><d><e/></d></c></b></a></gpx>", "elements nest deeper than 5"),
      ("<gpx><name>12345678901</name></gpx>", "a value is longer than 10 bytes"),
      ("<gpx>" + String(repeating: " <a/>", count: 500) + "</gpx>", "larger than 2000 bytes"),
    ]
    for (text, message) in cases {
      let error = #expect(throws: GPXError.self) { try parse(text, limits: limits) }
      #expect(error?.message == message)
    }
    let long = Array("<gpx><!--\(String(repeating: "-x", count: 400))--></gpx>".utf8)
    let error = #expect(throws: GPXError.self) {
      try GPXDocument(parsing: long, file: "t.gpx", pieceBytes: 100, limits: limits)
    }
    #expect(error?.message == "a tag or comment is longer than 200 bytes")
  }

  @Test("random damage gives an error or a document, never a crash")
  func damage() throws {
    let text = track(
      "<trkpt lat=\"1.5\" lon=\"2.5\"><ele>1</ele><time>2024-02-29T23:59:59.9Z</time>"
        + "<extensions><hr>120</hr></extensions></trkpt>"
    )
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    var refused = 0
    for _ in 0..<2000 {
      var bytes = Array(text.utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: place)
        }
      }
      do { _ = try GPXDocument(parsing: bytes, file: "t.gpx") } catch { refused += 1 }
    }
    #expect(refused > 500, "seed \(seed)")
  }

  @Test("a missing file and a directory are errors")
  func files() throws {
    let missing = #expect(throws: GPXError.self) { try GPXDocument.read(path: "/nowhere/a.gpx") }
    #expect(missing?.description == "/nowhere/a.gpx: No such file or directory")
    let directory = #expect(throws: GPXError.self) { try GPXDocument.read(path: "/tmp") }
    #expect(directory?.description == "/tmp: Is a directory")
  }
}

@Suite struct XMLTimeTests {
  @Test(
    "dates and times are milliseconds since 1970",
    arguments: [
      ("1970-01-01T00:00:00Z", 0),
      ("1970-01-01T00:00:00", 0),
      ("2015-08-15T14:45:08Z", 1_439_649_908_000),
      ("2015-08-15t16:45:08+02:00", 1_439_649_908_000),
      ("2015-08-15 09:15:08-0530", 1_439_649_908_000),
      ("2015-08-15T16:45:08.5+02", 1_439_649_908_500),
      ("1901-12-13T20:45:52.2073437Z", -2_147_483_647_793),
      ("2000-02-29T23:59:59.9999Z", 951_868_799_999),
      ("2016-12-31T23:59:60Z", 1_483_228_800_000),
      ("2015-01-01T24:00:00Z", 1_420_156_800_000),
      ("0001-01-01T00:00:00Z", -62_135_596_800_000),
      ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ] as [(String, Int64)]
  )
  func valid(text: String, milliseconds: Int64) {
    #expect(XMLTime.milliseconds(parsing: text) == milliseconds)
  }

  @Test(
    "what is no date and time is refused",
    arguments: [
      "", "2015", "2015-08-15", "2015-13-01T00:00:00Z", "2015-02-29T00:00:00Z",
      "2015-08-15T25:00:00Z", "2015-08-15T24:00:01Z", "2015-08-15T00:60:00Z",
      "2015-08-15T00:00:61Z", "2015-08-15T00:00:00.Z", "2015-08-15T00:00:00+",
      "0000-01-01T00:00:00Z",
      "2015-08-15T00:00:00+15:00", "2015-08-15T00:00:00ZZ", "-2015-08-15T00:00:00Z",
      "２015-08-15T00:00:00Z",
    ]
  )
  func invalid(text: String) {
    #expect(XMLTime.milliseconds(parsing: text) == nil)
  }
}
