// gRPC C++ serving Greeter by its callback API: `server CERTIFICATE KEY` prints the port and serves
// until standard input ends.

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "bench/rpc/v1/greeter.grpc.pb.h"

namespace {

using namespace bench::rpc::v1;

class EchoingChat : public grpc::ServerBidiReactor<Note, Note> {
 public:
  EchoingChat() { StartRead(&note_); }
  void OnReadDone(bool ok) override {
    if (ok) StartWrite(&note_);
    else Finish(grpc::Status::OK);
  }
  void OnWriteDone(bool ok) override {
    if (ok) StartRead(&note_);
    else Finish(grpc::Status::OK);
  }
  void OnDone() override { delete this; }

 private:
  Note note_;
};

class GreeterService final : public Greeter::CallbackService {
  grpc::ServerUnaryReactor* SayHello(grpc::CallbackServerContext* context,
                                     const HelloRequest* request, HelloReply* reply) override {
    reply->set_message("Hello, " + request->name());
    return finished(context);
  }
  grpc::ServerBidiReactor<Note, Note>* Chat(grpc::CallbackServerContext*) override {
    return new EchoingChat;
  }
  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context, const Blob* request,
                                 Blob* reply) override {
    *reply = *request;
    return finished(context);
  }
  static grpc::ServerUnaryReactor* finished(grpc::CallbackServerContext* context) {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

std::string contents(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: server CERTIFICATE KEY\n");
    return 2;
  }
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({contents(argv[2]), contents(argv[1])});
  GreeterService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port);
  builder.RegisterService(&service);
  auto server = builder.BuildAndStart();
  if (!server) return 1;
  printf("port %d\n", port);
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) continue;
  // Streams that a client left open are no reason to wait.
  _exit(0);
}
