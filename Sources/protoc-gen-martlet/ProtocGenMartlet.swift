// A program that protoc and buf start: a request on standard input, the response on standard
// output. `protoc --martlet_out=DIR` finds it by its name.

import Glibc
import MartletSchema

@main
enum ProtocGenMartlet {
  static func main() {
    guard CommandLine.arguments.count == 1 else {
      complain(
        """
        protoc and buf start this program; it takes no arguments:
          protoc --plugin=protoc-gen-martlet=PATH -I schema \\
            --martlet_opt=visibility=public --martlet_out=Sources/Generated schema/a.proto
        Options: visibility=public|package|internal, messages-only, no-descriptors, json, json-only,
        module=PATH=MODULE
        """
      )
      exit(64)
    }
    guard let request = read(limit: SchemaLimits().descriptorSetBytes) else {
      complain("cannot read the request")
      exit(1)
    }
    do throws(DescriptorError) {
      let response = try ProtocPlugin.respond(to: request)
      guard write(response, to: STDOUT_FILENO) else { exit(1) }
    } catch {
      complain("the request is not one of protoc's: \(error)")
      exit(1)
    }
  }

  /// All of standard input, up to a limit and some more, so that a larger one shows.
  private static func read(limit: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= limit {
      let count = unsafe Glibc.read(STDIN_FILENO, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    return bytes
  }

  private static func complain(_ text: String) {
    _ = write(Array("protoc-gen-martlet: \(text)\n".utf8), to: STDERR_FILENO)
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}
