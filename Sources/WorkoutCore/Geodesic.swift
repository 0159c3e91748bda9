internal import Glibc

/// Lengths of geodesics on the WGS84 ellipsoid.
///
/// Consecutive points of a track lie metres apart, so a closed formula serves those: it differs
/// from the geodesic by less than 1e-8 of its length up to 0.1 degrees, at the poles too. Beyond,
/// Vincenty's iteration (T. Vincenty, Direct and inverse solutions of geodesics on the ellipsoid,
/// Survey Review 23, 1975) is good to half a millimetre; where it does not converge, near the
/// antipodes, the azimuth is found by bisection, which always ends.
package enum Geodesic {
  /// Semi-major axis, metres.
  private static let a = 6_378_137.0
  /// Flattening.
  private static let f = 1 / 298.257223563
  /// Semi-minor axis, metres.
  private static let b = a * (1 - f)
  /// First eccentricity squared.
  private static let e2 = f * (2 - f)
  /// Radians in 1e-7 degrees.
  private static let radiansPerE7 = Double.pi / 1_800_000_000
  /// The closed formula's reach in either coordinate, 1e-7 degrees.
  private static let nearE7: Int64 = 1_000_000

  /// The length of the shortest way between two positions, metres, elevation left aside.
  ///
  /// Zero for equal positions; the same in both directions; never `nan`.
  package static func distanceMeters(from start: Position, to end: Position) -> Double {
    let latitudeStep = Int64(end.latitudeE7) - Int64(start.latitudeE7)
    let longitudeStep = shortWayAround(Int64(end.longitudeE7) - Int64(start.longitudeE7))
    if abs(latitudeStep) <= nearE7, abs(longitudeStep) <= nearE7 {
      return nearDistance(
        middle: Double(Int64(start.latitudeE7) + Int64(end.latitudeE7)) / 2 * radiansPerE7,
        latitudeStep: Double(latitudeStep) * radiansPerE7,
        longitudeStep: Double(longitudeStep) * radiansPerE7
      )
    }
    let first = ReducedLatitude(radians: Double(start.latitudeE7) * radiansPerE7, flattening: f)
    let second = ReducedLatitude(radians: Double(end.latitudeE7) * radiansPerE7, flattening: f)
    let longitude = Double(abs(longitudeStep)) * radiansPerE7
    return vincentyDistance(first, second, longitude: longitude)
      ?? bisectedDistance(first, second, longitude: longitude)
  }

  /// A difference of longitudes as one of at most 180 degrees.
  private static func shortWayAround(_ step: Int64) -> Int64 {
    let turn: Int64 = 3_600_000_000
    let rest = step % turn
    if rest > turn / 2 { return rest - turn }
    return rest < -turn / 2 ? rest + turn : rest
  }

  /// The haversine identity about the middle latitude, with the ellipsoid's two radii of curvature
  /// there in place of one, and sines of the half angles by two terms of their series.
  private static func nearDistance(
    middle: Double,
    latitudeStep: Double,
    longitudeStep: Double
  ) -> Double {
    let sine = sin(middle)
    let w2 = 1 - e2 * sine * sine
    let primeVertical2 = a * a / w2
    let ratio = (1 - e2) / w2
    let p = latitudeStep / 2 * (1 - latitudeStep * latitudeStep / 24)
    let l = longitudeStep / 2 * (1 - longitudeStep * longitudeStep / 24)
    let meridian2 = ratio * p * ratio * p * (1 - l * l)
    let parallel2 = (1 - sine * sine) * l * l
    let halfChord2 = primeVertical2 * (meridian2 + parallel2)
    return 2 * halfChord2.squareRoot() * (1 + halfChord2 / (6 * a * a))
  }

  /// Vincenty's inverse formula; `nil` when it does not settle.
  private static func vincentyDistance(
    _ first: ReducedLatitude,
    _ second: ReducedLatitude,
    longitude: Double
  ) -> Double? {
    var lambda = longitude
    for _ in 0..<20 {
      let x = second.cosine * sin(lambda)
      let y = first.cosine * second.sine - first.sine * second.cosine * cos(lambda)
      let sinSigma = (x * x + y * y).squareRoot()
      let cosSigma = first.sine * second.sine + first.cosine * second.cosine * cos(lambda)
      // Antipodes: no direction is better than another.
      guard sinSigma > 1e-12 else { return cosSigma > 0 ? 0 : nil }
      let sinAlpha = first.cosine * second.cosine * sin(lambda) / sinSigma
      let cos2Alpha = 1 - sinAlpha * sinAlpha
      let cos2SigmaM =
        cos2Alpha > 1e-15 ? cosSigma - 2 * first.sine * second.sine / cos2Alpha : 0
      let arc = Arc(
        sigma: atan2(sinSigma, cosSigma),
        sinSigma: sinSigma,
        cosSigma: cosSigma,
        cos2SigmaM: cos2SigmaM,
        sinAlpha: sinAlpha
      )
      let next = longitude + arc.longitudeExcess
      guard next <= .pi else { return nil }
      if abs(next - lambda) < 1e-12 { return arc.length }
      lambda = next
    }
    return nil
  }

  /// Finds the azimuth at the first point by bisection.
  ///
  /// With the points so arranged that the first lies farther from the equator and south of it,
  /// longitude grows with the azimuth (C. F. F. Karney, Algorithms for geodesics, J. Geodesy 87,
  /// 2013, section 4).
  private static func bisectedDistance(
    _ one: ReducedLatitude,
    _ other: ReducedLatitude,
    longitude: Double
  ) -> Double {
    var (first, second) = abs(one.sine) >= abs(other.sine) ? (one, other) : (other, one)
    if first.sine > 0 {
      first.sine = -first.sine
      second.sine = -second.sine
    }
    // Both on the equator, azimuths say nothing: six micrometres off it they do.
    if first.sine > -1e-12 { first.sine = -1e-12 }
    var low = 0.0
    var high = Double.pi
    for _ in 0..<60 {
      let middle = (low + high) / 2
      let reached = arc(from: first, to: second, azimuth: middle)
      if reached.longitude < longitude { low = middle } else { high = middle }
    }
    return arc(from: first, to: second, azimuth: high).arc.length
  }

  private static func arc(
    from first: ReducedLatitude,
    to second: ReducedLatitude,
    azimuth: Double
  ) -> (arc: Arc, longitude: Double) {
    let sinAlpha1 = sin(azimuth)
    let cosAlpha1 = cos(azimuth)
    let sinAlpha = sinAlpha1 * first.cosine
    let east2 = cosAlpha1 * cosAlpha1 * first.cosine * first.cosine
    let closer = (first.sine - second.sine) * (first.sine + second.sine)
    let northward2 = max(0, east2 + closer).squareRoot()
    let sigma1 = atan2(first.sine, cosAlpha1 * first.cosine)
    let sigma2 = atan2(second.sine, northward2)
    let omega1 = atan2(sinAlpha * first.sine, cosAlpha1 * first.cosine)
    let omega2 = atan2(sinAlpha * second.sine, northward2)
    let sigma = sigma2 - sigma1
    let arc = Arc(
      sigma: sigma,
      sinSigma: sin(sigma),
      cosSigma: cos(sigma),
      cos2SigmaM: cos(sigma1 + sigma2),
      sinAlpha: sinAlpha
    )
    return (arc, omega2 - omega1 - arc.longitudeExcess)
  }

  /// An arc of a geodesic on the auxiliary sphere, in Vincenty's letters.
  private struct Arc {
    var sigma: Double
    var sinSigma: Double
    var cosSigma: Double
    /// Cosine of twice the angle from the equator to the arc's middle.
    var cos2SigmaM: Double
    /// Sine of the azimuth at the equator.
    var sinAlpha: Double

    private var cos2Alpha: Double { max(0, 1 - sinAlpha * sinAlpha) }

    /// By how much the longitude on the sphere exceeds the one on the ellipsoid (his equation 11).
    var longitudeExcess: Double {
      let c = f / 16 * cos2Alpha * (4 + f * (4 - 3 * cos2Alpha))
      let inner = cos2SigmaM + c * cosSigma * (2 * cos2SigmaM * cos2SigmaM - 1)
      return (1 - c) * f * sinAlpha * (sigma + c * sinSigma * inner)
    }

    /// Metres (his equations 3, 4, 6 and 19).
    var length: Double {
      let u2 = cos2Alpha * (a * a - b * b) / (b * b)
      let bigA = 1 + u2 / 16_384 * (4_096 + u2 * (u2 * (320 - 175 * u2) - 768))
      let bigB = u2 / 1_024 * (256 + u2 * (u2 * (74 - 47 * u2) - 128))
      let m2 = cos2SigmaM * cos2SigmaM
      let third = bigB / 6 * cos2SigmaM * (4 * sinSigma * sinSigma - 3) * (4 * m2 - 3)
      let inner = cos2SigmaM + bigB / 4 * (cosSigma * (2 * m2 - 1) - third)
      return b * bigA * (sigma - bigB * sinSigma * inner)
    }
  }

  /// Sine and cosine of a latitude on the auxiliary sphere.
  private struct ReducedLatitude {
    var sine: Double
    var cosine: Double

    init(radians: Double, flattening: Double) {
      let y = (1 - flattening) * sin(radians)
      let x = max(0, cos(radians))
      let length = (x * x + y * y).squareRoot()
      sine = y / length
      cosine = x / length
    }
  }
}

/// The length of the way through all positions, metres: the plain sum of geodesics.
///
/// `StatisticsEngine` says what an athlete covered, without pauses, outliers and noise at rest;
/// this says what the points add up to.
/// - Complexity: O(count)
package func trackLength(_ samples: some Sequence<TrackSample>) -> Double {
  var length = 0.0
  var last: Position?
  for sample in samples {
    guard let position = sample.position else { continue }
    if let last { length += Geodesic.distanceMeters(from: last, to: position) }
    last = position
  }
  return length
}
