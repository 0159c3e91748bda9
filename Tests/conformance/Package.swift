// swift-tools-version: 6.2
import PackageDescription

/// The program that protobuf's conformance suite tests: the library as its users have it.
///
/// `run.sh` links what martletc makes of the suite's schema as Sources/testee/Generated.
let package = Package(
  name: "conformance",
  dependencies: [.package(name: "martlet", path: "../..")],
  targets: [
    .executableTarget(
      name: "testee",
      dependencies: [
        .product(name: "MartletWire", package: "martlet"),
        .product(name: "MartletJSON", package: "martlet"),
        .product(name: "MartletWellKnown", package: "martlet"),
      ],
      swiftSettings: [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
      ]
    )
  ]
)
