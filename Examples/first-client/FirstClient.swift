import MartletRPC
import WorkoutSchema

@main
struct FirstClient {
  static func main() async throws {
    let arguments = CommandLine.arguments  // HOST PORT CERTIFICATE USERNAME PASSWORD
    let channel = Channel(
      to: .host(arguments[1], port: Int(arguments[2]) ?? 7443),
      configuration: ChannelConfiguration(security: .tls(trust: .pemFile(arguments[3])))
    )

    var logIn = LogInRequest()
    logIn.identifier = arguments[4]
    logIn.password = arguments[5]
    logIn.device = Device()
    logIn.device?.id = "0d8f3a52-6c11-4f0e-9a53-7c1f0b7c2a10"
    let session = try await AccountServiceClient(channel).logIn(logIn).session

    var options = CallOptions(timeout: .seconds(10))
    try options.metadata.set("Bearer \(session?.accessToken ?? "")", for: "authorization")
    let history = HistoryServiceClient(channel)
    let page = try await history.listActivities(ListActivitiesRequest(), options: options)
    for activity in page.activities {
      print(activity.title, activity.statistics?.distanceMeters ?? 0, "m")
    }
    await channel.close()
  }
}
