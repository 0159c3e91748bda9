// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of ours compiles under.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .treatAllWarnings(as: .error),
]

/// Strict memory safety besides: every unsafe use is marked `unsafe`.
///
/// The bindings of C libraries, which would be all marks, go without.
let strict: [SwiftSetting] = settings + [.strictMemorySafety()]

let arguments: Target.Dependency = .product(
  name: "ArgumentParser",
  package: "swift-argument-parser"
)
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")

let package = Package(
  name: "martlet",
  products: [
    .library(name: "MartletWire", targets: ["MartletWire"]),
    .library(name: "MartletWellKnown", targets: ["MartletWellKnown"]),
    .library(name: "MartletJSON", targets: ["MartletJSON"]),
    .library(name: "MartletRPC", targets: ["MartletRPC"]),
    .library(name: "MartletServices", targets: ["MartletServices"]),
    .library(name: "MartletObservability", targets: ["MartletObservability"]),
    .library(name: "WorkoutClient", targets: ["WorkoutClient", "WorkoutSchema"]),
    .executable(name: "martletc", targets: ["martletc"]),
    .executable(name: "protoc-gen-martlet", targets: ["protoc-gen-martlet"]),
    .plugin(name: "MartletPlugin", targets: ["MartletPlugin"]),
    .plugin(name: "MartletCommand", targets: ["MartletCommand"]),
    .executable(name: "martletd", targets: ["martletd"]),
    .executable(name: "martlet", targets: ["martlet"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
  ],
  targets: [
    // System libraries, and what Glibc's Swift module leaves out. From here up, a target imports
    // only what stands in its dependencies; `make check` enforces it.
    .systemLibrary(
      name: "CNGHTTP2",
      pkgConfig: "libnghttp2",
      providers: [.apt(["libnghttp2-dev"])]
    ),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
    .target(name: "CLinux"),

    // Bytes <-> values: protobuf's wire format and the `Message` protocol.
    .target(name: "MartletWire", swiftSettings: strict),
    // google/protobuf/*.proto as Swift: Timestamp, Duration, Any, Struct ...
    .target(name: "MartletWellKnown", dependencies: ["MartletWire"], swiftSettings: strict),
    // The canonical JSON mapping of messages.
    .target(
      name: "MartletJSON",
      dependencies: ["MartletWire", "MartletWellKnown"],
      swiftSettings: strict
    ),
    // `.proto` text -> linked descriptors -> Swift text.
    .target(name: "MartletSchema", swiftSettings: strict),
    // The schema compiler's command line.
    .executableTarget(
      name: "martletc",
      dependencies: ["MartletSchema", arguments],
      swiftSettings: strict
    ),

    // The schema compiler as protoc and buf drive it.
    .executableTarget(
      name: "protoc-gen-martlet",
      dependencies: ["MartletSchema"],
      swiftSettings: strict
    ),

    // Swift from a target's schema files: on every build, and written into the package.
    .plugin(name: "MartletPlugin", capability: .buildTool(), dependencies: ["martletc"]),
    .plugin(
      name: "MartletCommand",
      capability: .command(
        intent: .custom(
          verb: "generate-schema",
          description: "Writes Swift for the .proto files of the package's targets."
        ),
        permissions: [
          .writeToPackageDirectory(reason: "The Swift made of schema files goes into the targets.")
        ]
      ),
      dependencies: ["martletc"]
    ),

    // Event loop, timers, sockets, TLS, in-memory pipe.
    .target(name: "MartletNet", dependencies: ["COpenSSL", "CLinux"], swiftSettings: settings),
    // HTTP/2 sessions and streams, flow control, drain.
    .target(
      name: "MartletHTTP2",
      dependencies: ["CNGHTTP2", "MartletNet"],
      swiftSettings: settings
    ),
    // gRPC calls, server and client: metadata, status, deadlines, interceptors.
    .target(
      name: "MartletRPC",
      dependencies: ["MartletWire", "MartletHTTP2", "MartletNet", "CZlib"],
      swiftSettings: settings
    ),

    // Services that any server may have: health, reflection; and the details of a status.
    .target(
      name: "MartletServices",
      dependencies: ["MartletWire", "MartletWellKnown", "MartletRPC"],
      exclude: ["Schema", "DescriptorIndex/descriptor_index.proto"],
      swiftSettings: strict
    ),

    // Logs, metrics and traces of calls, as interceptors.
    .target(
      name: "MartletObservability",
      dependencies: ["MartletRPC", "MartletWire", logging, metrics, tracing],
      swiftSettings: strict
    ),

    // Message types and stubs generated from schema/.
    .target(
      name: "WorkoutSchema",
      dependencies: ["MartletWire", "MartletRPC"],
      swiftSettings: strict
    ),
    // Pure rules: activity life, tracks, statistics, geodesy. No I/O.
    .target(name: "WorkoutCore", swiftSettings: strict),
    // A thin binding of SQLite: database, statement, transaction, error.
    .target(name: "MartletSQLite", dependencies: ["CSQLite"], swiftSettings: settings),
    // Durable storage: journal, bucket files, group commit, migrations.
    .target(
      name: "WorkoutStore",
      dependencies: ["MartletSQLite", "WorkoutCore"],
      swiftSettings: strict
    ),
    // The RPC handlers, authentication and the live hub.
    .target(
      name: "WorkoutService",
      dependencies: [
        "WorkoutSchema", "WorkoutCore", "WorkoutStore", "MartletRPC", "MartletWire", "COpenSSL",
        logging,
      ],
      swiftSettings: strict
    ),
    // The server: configuration -> parts -> run -> drain.
    .executableTarget(
      name: "martletd",
      dependencies: [
        "WorkoutService", "WorkoutStore", "MartletServices", "MartletRPC", "MartletNet",
        arguments, logging,
      ],
      swiftSettings: strict
    ),
    // A device's side, for any app: local journal, resume, files.
    .target(
      name: "WorkoutClient",
      dependencies: ["WorkoutSchema", "WorkoutCore", "MartletRPC", "MartletSQLite", "CExpat"],
      swiftSettings: strict
    ),
    // The command-line client.
    .executableTarget(
      name: "martlet",
      dependencies: ["WorkoutClient", "WorkoutSchema", "WorkoutCore", "MartletRPC", arguments],
      path: "clients/cli",
      swiftSettings: strict
    ),

    // Generated from a schema with everything in it; for tests only.
    .target(
      name: "WireTestSchema",
      dependencies: ["MartletWire", "MartletJSON", "MartletWellKnown"],
      path: "Tests/Support/WireTestSchema",
      exclude: ["everything.proto", "known.proto"],
      swiftSettings: strict
    ),
    // Generated from a schema whose names get in each other's way; for tests only.
    .target(
      name: "TortureSchema",
      dependencies: ["MartletJSON", "MartletRPC", "MartletWellKnown", "MartletWire"],
      path: "Tests/Support/TortureSchema",
      exclude: ["torture.proto"],
      swiftSettings: strict
    ),
    // The same for what JSON alone has a rule for.
    .target(
      name: "JSONTestSchema",
      dependencies: ["MartletWire", "MartletJSON", "MartletWellKnown"],
      path: "Tests/Support/JSONTestSchema",
      exclude: ["names.proto"],
      swiftSettings: strict
    ),
    // Decodes and encodes what Tests/interop sends it.
    .executableTarget(
      name: "wire-peer",
      dependencies: ["MartletWire", "MartletJSON", "JSONTestSchema", "WireTestSchema"],
      path: "Tests/Support/WirePeer",
      swiftSettings: settings
    ),

    // What the README shows as a first client; built so that it stays true.
    .executableTarget(
      name: "first-client",
      dependencies: ["MartletRPC", "WorkoutSchema"],
      path: "Examples/first-client",
      swiftSettings: strict
    ),

    // Directories of their own for tests.
    .target(name: "TestFiles", path: "Tests/Support/TestFiles", swiftSettings: settings),
    // Certificates that tests make when they run.
    .target(
      name: "TestCertificates",
      dependencies: ["TestFiles"],
      path: "Tests/Support/TestCertificates",
      swiftSettings: settings
    ),

    .testTarget(
      name: "MartletWireTests",
      dependencies: [
        "MartletWire", "MartletSchema", "WireTestSchema", "WorkoutSchema",
        "MartletJSON", "MartletWellKnown", "TortureSchema",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "MartletWellKnownTests",
      dependencies: ["MartletWellKnown", "MartletWire"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "MartletJSONTests",
      dependencies: [
        "MartletJSON", "MartletWellKnown", "MartletWire", "JSONTestSchema", "WireTestSchema",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "MartletSchemaTests",
      dependencies: ["MartletSchema"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "MartletNetTests",
      dependencies: ["CLinux", "MartletNet", "TestCertificates", "TestFiles"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "MartletHTTP2Tests",
      dependencies: ["MartletHTTP2", "MartletNet"],
      swiftSettings: settings
    ),
    // The service that tests of the RPC runtime call, and a peer for tests with other languages.
    .target(
      name: "EchoSchema",
      dependencies: ["MartletRPC", "MartletWire"],
      path: "Tests/Support/EchoSchema",
      exclude: ["echo.proto"],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "EchoPeer",
      dependencies: ["EchoSchema", "MartletRPC", "MartletServices"],
      path: "Tests/Support/EchoPeer",
      swiftSettings: settings
    ),
    // A server, a client and a load in processes of their own, for tests of a hostile world.
    .executableTarget(
      name: "RPCSoak",
      dependencies: ["CLinux", "EchoSchema", "MartletRPC"],
      path: "Tests/Support/RPCSoak",
      swiftSettings: settings
    ),
    .testTarget(
      name: "MartletServicesTests",
      dependencies: [
        "MartletServices", "MartletRPC", "MartletWire", "MartletWellKnown", "MartletSchema",
        "MartletNet", "EchoSchema",
      ],
      swiftSettings: settings
    ),
    // gRPC's interoperability tests: their service, and a peer for those of other libraries.
    .target(
      name: "InteropSchema",
      dependencies: ["MartletRPC", "MartletWire"],
      path: "Tests/Support/InteropSchema",
      exclude: ["interop.proto"],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "InteropPeer",
      dependencies: ["InteropSchema", "MartletRPC"],
      path: "Tests/Support/InteropPeer",
      swiftSettings: settings
    ),
    .testTarget(
      name: "MartletRPCTests",
      dependencies: [
        "MartletRPC", "MartletWire", "MartletHTTP2", "MartletNet", "EchoSchema",
        "TestCertificates", "TestFiles",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "MartletObservabilityTests",
      dependencies: [
        "MartletObservability", "MartletRPC", "MartletWire", "EchoSchema", logging, metrics,
        tracing,
        .product(name: "MetricsTestKit", package: "swift-metrics"),
        .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
      ],
      swiftSettings: settings
    ),
    // Lets oracles in Python ask WorkoutCore for its numbers; no product.
    .executableTarget(
      name: "workout-numbers",
      dependencies: ["WorkoutCore"],
      path: "Tests/Support/WorkoutNumbers",
      swiftSettings: strict
    ),
    .testTarget(name: "WorkoutCoreTests", dependencies: ["WorkoutCore"], swiftSettings: settings),
    .testTarget(
      name: "MartletSQLiteTests",
      dependencies: ["MartletSQLite", "TestFiles"],
      swiftSettings: settings
    ),
    // A process that writes to a store until it is killed or its disk is full, and what it shares
    // with the tests that look at the result.
    .target(
      name: "StoreTestSupport",
      dependencies: ["WorkoutCore"],
      path: "Tests/Support/StoreTestSupport",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "store-torture",
      dependencies: ["StoreTestSupport", "WorkoutStore", "WorkoutCore"],
      path: "Tests/Support/StoreTorture",
      swiftSettings: settings
    ),
    .testTarget(
      name: "WorkoutStoreTests",
      dependencies: [
        "WorkoutStore", "WorkoutCore", "MartletSQLite", "StoreTestSupport", "TestFiles",
        "store-torture",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "WorkoutServiceTests",
      dependencies: [
        "WorkoutService", "WorkoutStore", "WorkoutCore", "WorkoutSchema", "MartletRPC",
        "MartletWire", "TestFiles", logging,
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "WorkoutClientTests",
      dependencies: ["WorkoutClient", "WorkoutCore", "WorkoutSchema", "TestFiles", "martlet"],
      swiftSettings: settings
    ),
  ]
)

/// What `make fuzz` builds, which wants libFuzzer's `main` and flags that only a root package may use.
if Context.environment["MARTLET_FUZZ"] != nil {
  let fuzzing: [SwiftSetting] = settings + [.unsafeFlags(["-parse-as-library"])]
  package.targets += [
    .executableTarget(
      name: "WireFuzzer",
      dependencies: ["MartletWire", "WireTestSchema"],
      path: "Tests/Fuzz/WireFuzzer",
      swiftSettings: fuzzing
    ),
    .executableTarget(
      name: "JSONFuzzer",
      dependencies: ["MartletJSON", "MartletWellKnown", "MartletWire", "WireTestSchema"],
      path: "Tests/Fuzz/JSONFuzzer",
      swiftSettings: fuzzing
    ),
    .executableTarget(
      name: "HTTP2Fuzzer",
      dependencies: ["EchoSchema", "MartletHTTP2", "MartletNet", "MartletRPC"],
      path: "Tests/Fuzz/HTTP2Fuzzer",
      swiftSettings: fuzzing
    ),
    .executableTarget(
      name: "EnvelopeFuzzer",
      dependencies: ["MartletRPC"],
      path: "Tests/Fuzz/EnvelopeFuzzer",
      swiftSettings: fuzzing
    ),
    .executableTarget(
      name: "SchemaFuzzer",
      dependencies: ["MartletSchema"],
      path: "Tests/Fuzz/SchemaFuzzer",
      swiftSettings: fuzzing
    ),
  ]
}
