import InteropSchema
import MartletRPC

/// The cases of gRPC's negative HTTP/2 tests, in which the server does what the client must bear.
///
/// See <https://github.com/grpc/grpc/blob/master/doc/http2-interop-test-descriptions.md>.
enum HTTP2Case: String, CaseIterable {
  case goAway = "goaway"
  case resetAfterHeader = "rst_after_header"
  case resetDuringData = "rst_during_data"
  case resetAfterData = "rst_after_data"
  case ping
  case maxStreams = "max_streams"
  case dataFramePadding = "data_frame_padding"
  case noDataFramePadding = "no_df_padding_sanity_test"
}

extension InteropCaller {
  func run(_ test: HTTP2Case) async throws {
    switch test {
    case .goAway:
      try await largeUnary()
      try await Task.sleep(for: .seconds(1))
      try await largeUnary()
    case .resetAfterHeader, .resetDuringData, .resetAfterData: try await expectFailure()
    case .ping, .dataFramePadding, .noDataFramePadding: try await largeUnary()
    case .maxStreams:
      try await largeUnary()
      try await concurrentLargeUnary(10)
    }
  }

  private func expectFailure() async throws {
    do {
      _ = try await client.unaryCall(.large())
    } catch {
      return print("status \(error.code.name)")
    }
    throw Unexpected(description: "expected the call to fail")
  }
}
