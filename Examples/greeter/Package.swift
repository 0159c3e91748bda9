// swift-tools-version: 6.2
import PackageDescription

// A package of its own that uses the toolkit as others do. They would write
//   .package(url: "https://github.com/OWNER/martlet", from: "1.0.0")
let martlet = Package.Dependency.package(name: "martlet", path: "../..")

let wire = Target.Dependency.product(name: "MartletWire", package: "martlet")
let rpc = Target.Dependency.product(name: "MartletRPC", package: "martlet")
let schema = Target.PluginUsage.plugin(name: "MartletPlugin", package: "martlet")

let package = Package(
  name: "greeter",
  dependencies: [martlet],
  targets: [
    // Messages only, for it has no use of MartletRPC.
    .target(name: "Languages", dependencies: [wire], plugins: [schema]),
    // Messages and stubs; its schema imports that of Languages.
    .target(name: "GreeterSchema", dependencies: ["Languages", rpc], plugins: [schema]),
    .executableTarget(name: "greeter-server", dependencies: ["GreeterSchema", "Languages", rpc]),
    .executableTarget(name: "greeter-client", dependencies: ["GreeterSchema", "Languages", rpc]),
  ]
)
