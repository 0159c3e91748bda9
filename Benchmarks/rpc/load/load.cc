// Loads a Greeter server over TLS, checks every response, and prints one line of JSON:
//
//   load unary     --port P --pid PID --connections 10 --streams 20 --seconds 2
//   load ping-pong --port P --pid PID --connections 5 --streams 10 --seconds 2
//   load pipelined --port P --pid PID --connections 5 --streams 10 --window 64 --seconds 2
//   load large     --port P --pid PID --connections 2 --streams 1 --bytes 4000000 --seconds 2
//   load idle      --port P --pid PID --connections 10000
//
// The server's CPU time is its own accounting of the measured seconds, without the warm-up. Any
// wrong response, lost connection or status but OK fails the load.

#include <getopt.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <string_view>

#include "calls.h"

namespace {

struct Options {
  std::string mode;
  int port = 0;
  pid_t pid = 0;
  int connections = 1, streams = 1, window = 1;
  double warmup = 0.5, seconds = 2;
  size_t bytes = 4'000'000;
};

/// Beyond warm-up and measurement, how long a load may take before it is ended.
constexpr unsigned kSlackSeconds = 240;
/// Addresses of loopback that connections come from, so that no peer sees all from one.
constexpr int kSources = 64;
constexpr uint32_t kFirstSource = 0x7f000101;
/// How many handshakes may be under way.
constexpr size_t kHandshakes = 32;
constexpr uint64_t kQuiet = 9'000'000'000;

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)), tls_(make_client_tls()) {
    endpoint_.port = options.port;
  }

  void run() {
    if (options_.mode == "idle") return idle();
    if (options_.mode == "ping-pong") return chat(1);
    if (options_.mode == "pipelined") return chat(options_.window);
    if (options_.mode == "unary") return unary("/bench.rpc.v1.Greeter/SayHello", hello(), answer());
    if (options_.mode == "large") return large();
    fail("no such mode: %s", options_.mode.c_str());
  }

 private:
  static std::string hello() { return framed(field(1, "load")); }
  static std::string answer() { return framed(field(1, "Hello, load")); }

  void large() {
    std::string content(options_.bytes, 0);
    for (size_t index = 0; index < content.size(); index++) content[index] = char(index * 131 >> 3);
    std::string blob = framed(field(1, content));
    endpoint_.stream_window = 8 << 20;
    endpoint_.connection_window = 64 << 20;
    unary("/bench.rpc.v1.Greeter/Echo", blob, blob);
  }

  void unary(const char* path, const std::string& request, const std::string& response) {
    connect(options_.connections);
    std::vector<std::unique_ptr<UnaryCall>> calls;
    for (auto& connection : connections_) {
      for (int index = 0; index < options_.streams; index++) {
        calls.push_back(std::make_unique<UnaryCall>(path, request, response));
        auto* call = calls.back().get();
        call->on_end = [this, call, connection = connection.get()](uint64_t took) {
          count(took);
          call->restart();
          connection->open(call);
        };
        call->restart();
        connection->open(call);
      }
    }
    measure();
  }

  void chat(int window) {
    connect(options_.connections);
    std::vector<std::unique_ptr<ChatCall>> calls;
    for (auto& connection : connections_) {
      for (int index = 0; index < options_.streams; index++) {
        calls.push_back(std::make_unique<ChatCall>(connection.get(), window));
        calls.back()->on_reply = [this](uint64_t took) { count(took); };
        connection->open(calls.back().get());
      }
    }
    measure();
  }

  /// Resident bytes that a quiet connection with one open stream, which has been used, costs the server.
  ///
  /// The wait is longer than any server of ours takes to notice that a connection is quiet (5 to 7.5 s).
  void idle() {
    endpoint_.stream_window = 65'535;
    endpoint_.connection_window = 65'535;
    const int warm = 100;
    auto calls = open_idle(warm);
    pump(now_nanoseconds() + kQuiet);
    const uint64_t before = resident_bytes(options_.pid);
    const double cpu_before = cpu_seconds(options_.pid);
    auto more = open_idle(options_.connections);
    const double cpu_after = cpu_seconds(options_.pid);
    pump(now_nanoseconds() + kQuiet);
    const uint64_t after = resident_bytes(options_.pid);
    for (auto& call : more)
      if (call->replies() != 1) fail("a stream was not answered once");
    printf("{\"connections\": %d, \"bytes_per_connection\": %.0f, \"cpu_us_per_connection\": %.1f}\n",
           options_.connections, double(int64_t(after - before)) / options_.connections,
           (cpu_after - cpu_before) * 1e6 / options_.connections);
  }

  /// Connects so often, with a stream each whose first note has been answered.
  std::vector<std::unique_ptr<ChatCall>> open_idle(int count) {
    const size_t first = connections_.size();
    connect(count);
    std::vector<std::unique_ptr<ChatCall>> calls;
    size_t answered = 0;
    for (size_t index = first; index < connections_.size(); index++) {
      auto* connection = connections_[index].get();
      calls.push_back(std::make_unique<ChatCall>(connection, 1));
      calls.back()->continues = false;
      calls.back()->on_reply = [&answered](uint64_t) { answered++; };
      connection->open(calls.back().get());
      connection->flush();
      // A few at a time: what many at once would need is not what idle ones hold.
      while (calls.size() - answered >= kHandshakes) turn(10);
    }
    while (answered < calls.size()) turn(10);
    for (auto& call : calls) call->on_reply = nullptr;
    return calls;
  }

  void connect(int count) {
    const size_t first = connections_.size(), end = first + size_t(count);
    size_t ready = first;
    while (ready < end) {
      while (connections_.size() < end && connections_.size() - ready < kHandshakes) {
        uint32_t source = kFirstSource + uint32_t(connections_.size()) % kSources;
        connections_.push_back(std::make_unique<Connection>(tls_, epoll_, endpoint_, source));
      }
      turn(10);
      while (ready < connections_.size() && connections_[ready]->is_ready()) ready++;
    }
  }

  void measure() {
    for (auto& connection : connections_) connection->flush();
    pump(now_nanoseconds() + uint64_t(options_.warmup * 1e9));
    latencies_.reserve(1 << 20);
    operations_ = 0;
    measuring_ = true;
    const uint64_t start = now_nanoseconds();
    const double server = cpu_seconds(options_.pid), own = cpu_seconds(getpid());
    pump(start + uint64_t(options_.seconds * 1e9));
    measuring_ = false;
    const double server_end = cpu_seconds(options_.pid), own_end = cpu_seconds(getpid());
    const double elapsed = double(now_nanoseconds() - start) / 1e9;
    if (operations_ == 0) fail("nothing was answered");
    printf(
        "{\"operations\": %llu, \"seconds\": %.4f, \"server_cpu_seconds\": %.2f, "
        "\"load_cpu_seconds\": %.2f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
        static_cast<unsigned long long>(operations_), elapsed, server_end - server, own_end - own,
        percentile(latencies_, 0.5) / 1e3, percentile(latencies_, 0.99) / 1e3);
  }

  void count(uint64_t took) {
    operations_++;
    if (measuring_ && latencies_.size() < latencies_.capacity())
      latencies_.push_back(uint32_t(std::min<uint64_t>(took, UINT32_MAX)));
  }

  void pump(uint64_t until) {
    while (now_nanoseconds() < until) turn(5);
  }

  void turn(int wait_milliseconds) {
    epoll_event events[256];
    int count = epoll_wait(epoll_, events, std::size(events), wait_milliseconds);
    for (int index = 0; index < count; index++)
      static_cast<Connection*>(events[index].data.ptr)->handle();
  }

  Options options_;
  Endpoint endpoint_;
  int epoll_;
  SSL_CTX* tls_;
  std::vector<std::unique_ptr<Connection>> connections_;
  uint64_t operations_ = 0;
  bool measuring_ = false;
  std::vector<uint32_t> latencies_;
};

Options read(int argc, char** argv) {
  if (argc < 2) fail("usage: load unary|ping-pong|pipelined|large|idle --port P --pid PID …");
  Options options;
  options.mode = argv[1];
  const option known[] = {
      {"port", required_argument, nullptr, 'p'},    {"pid", required_argument, nullptr, 'i'},
      {"connections", required_argument, nullptr, 'c'},
      {"streams", required_argument, nullptr, 's'}, {"window", required_argument, nullptr, 'w'},
      {"warmup", required_argument, nullptr, 'u'},  {"seconds", required_argument, nullptr, 't'},
      {"bytes", required_argument, nullptr, 'b'},   {nullptr, 0, nullptr, 0}};
  for (int key; (key = getopt_long(argc - 1, argv + 1, "", known, nullptr)) != -1;) {
    switch (key) {
      case 'p': options.port = atoi(optarg); break;
      case 'i': options.pid = atoi(optarg); break;
      case 'c': options.connections = atoi(optarg); break;
      case 's': options.streams = atoi(optarg); break;
      case 'w': options.window = atoi(optarg); break;
      case 'u': options.warmup = atof(optarg); break;
      case 't': options.seconds = atof(optarg); break;
      case 'b': options.bytes = strtoul(optarg, nullptr, 10); break;
      default: fail("see load.cc");
    }
  }
  if (options.port <= 0 || options.pid <= 0) fail("--port and --pid are needed");
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  Options options = read(argc, argv);
  // It ends by itself whatever happens, and with whoever started it.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  alarm(unsigned(options.warmup + options.seconds) + kSlackSeconds);
  signal(SIGPIPE, SIG_IGN);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Load(options).run();
  fflush(stdout);
  // Closing thousands of connections one by one is not part of the load.
  _exit(0);
}
