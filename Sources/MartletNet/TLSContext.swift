/// Keys, certificates and rules that many TLS connections share. Immutable, for any thread.
package final class TLSContext: @unchecked Sendable {
  /// Reads the files and checks that they belong together.
  package static func server(_ configuration: TLSServerConfiguration) throws(NetError) -> TLSContext
  {
    fatalError("coming")
  }

  /// Reads the files.
  package static func client(_ configuration: TLSClientConfiguration) throws(NetError) -> TLSContext
  {
    fatalError("coming")
  }
}
