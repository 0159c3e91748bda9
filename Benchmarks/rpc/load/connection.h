// One TLS connection that speaks HTTP/2 as a gRPC client, on an epoll loop of one thread.
#pragma once

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// What a stream's requests are and what its responses must be.
class Call {
 public:
  virtual ~Call() = default;
  virtual const char* path() const = 0;
  /// Writes the next bytes of the requests, of one message at most; 0 when nothing may be sent now.
  virtual size_t write(uint8_t* out, size_t size) = 0;
  /// Whether the requests are complete.
  virtual bool finished() const = 0;
  /// Checks bytes of the responses.
  virtual void receive(const uint8_t* data, size_t size) = 0;
  /// The stream has ended, with grpc-status 0 (anything else has failed the load).
  virtual void ended() = 0;

  int32_t stream = -1;
  bool deferred = false;
  bool has_status = false;
};

/// Where to connect from and to, and what both directions may hold.
struct Endpoint {
  int port = 0;
  /// Bytes of a stream's and of a connection's window.
  uint32_t stream_window = 1 << 20;
  uint32_t connection_window = 16 << 20;
};

class Connection {
 public:
  Connection(SSL_CTX* tls, int epoll, const Endpoint& endpoint, uint32_t source_address);
  ~Connection();
  Connection(const Connection&) = delete;

  /// Opens a stream for the call; the caller keeps it alive. Only once `is_ready`.
  void open(Call* call);
  /// Says that the call has something to write again.
  void resume(Call* call);
  /// Handles what epoll reports.
  void handle();
  /// Sends all that waits, as far as the socket takes it.
  void flush();

  bool is_ready() const { return session_ != nullptr; }
  /// Whether it has been flushed since it last had something to send.
  bool dirty = false;

 private:
  void connect_from(uint32_t source_address);
  void handshake();
  void start_session();
  void read();
  void fill();
  bool write_out();
  void wait_for_write(bool wanted);

  const Endpoint endpoint_;
  int epoll_, fd_ = -1;
  SSL* ssl_ = nullptr;
  nghttp2_session* session_ = nullptr;
  std::string out_;
  size_t out_offset_ = 0;
  bool waits_for_write_ = true;
};

/// A TLS 1.3 client that offers h2 and believes any certificate: it is the run's own.
SSL_CTX* make_client_tls();
