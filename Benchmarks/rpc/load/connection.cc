#include "connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "measure.h"

namespace {

/// What one SSL_write takes at most: a full TLS record.
constexpr size_t kRecordBytes = 16'384;

std::string_view text(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

nghttp2_nv header(const char* name, const char* value) {
  return {(uint8_t*)name, (uint8_t*)value, strlen(name), strlen(value),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

Call* call_of(nghttp2_session* session, int32_t stream) {
  return static_cast<Call*>(nghttp2_session_get_stream_user_data(session, stream));
}

ssize_t read_request(nghttp2_session*, int32_t, uint8_t* out, size_t size, uint32_t* flags,
                     nghttp2_data_source* source, void*) {
  auto* call = static_cast<Call*>(source->ptr);
  size_t written = call->write(out, size);
  if (call->finished()) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    return ssize_t(written);
  }
  if (written > 0) return ssize_t(written);
  call->deferred = true;
  return NGHTTP2_ERR_DEFERRED;
}

int on_data(nghttp2_session* session, uint8_t, int32_t stream, const uint8_t* data, size_t size,
            void*) {
  if (auto* call = call_of(session, stream)) call->receive(data, size);
  return 0;
}

int on_header(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
              size_t name_size, const uint8_t* value, size_t value_size, uint8_t, void*) {
  auto key = text(name, name_size), content = text(value, value_size);
  if (key == ":status" && content != "200") fail("HTTP status %.*s", int(value_size), value);
  if (key == "grpc-status") {
    if (content != "0") fail("grpc-status %.*s", int(value_size), value);
    if (auto* call = call_of(session, frame->hd.stream_id)) call->has_status = true;
  }
  return 0;
}

int on_frame(nghttp2_session*, const nghttp2_frame* frame, void*) {
  if (frame->hd.type == NGHTTP2_GOAWAY)
    fail("GOAWAY %u %.*s", frame->goaway.error_code, int(frame->goaway.opaque_data_len),
         frame->goaway.opaque_data);
  return 0;
}

int on_stream_close(nghttp2_session* session, int32_t stream, uint32_t code, void*) {
  auto* call = call_of(session, stream);
  if (!call) return 0;
  if (code != NGHTTP2_NO_ERROR) fail("a stream was closed with HTTP/2 code %u", code);
  if (!call->has_status) fail("a stream ended without a status");
  call->ended();
  return 0;
}

const nghttp2_session_callbacks* callbacks() {
  static nghttp2_session_callbacks* made = [] {
    nghttp2_session_callbacks* all;
    nghttp2_session_callbacks_new(&all);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, on_data);
    nghttp2_session_callbacks_set_on_header_callback(all, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(all, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(all, on_stream_close);
    return all;
  }();
  return made;
}

}  // namespace

SSL_CTX* make_client_tls() {
  SSL_CTX* tls = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
  SSL_CTX_set_alpn_protos(tls, reinterpret_cast<const unsigned char*>("\2h2"), 3);
  SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  return tls;
}

Connection::Connection(SSL_CTX* tls, int epoll, const Endpoint& endpoint, uint32_t source_address)
    : endpoint_(endpoint), epoll_(epoll) {
  connect_from(source_address);
  ssl_ = SSL_new(tls);
  SSL_set_fd(ssl_, fd_);
  SSL_set_tlsext_host_name(ssl_, "localhost");
  SSL_set_connect_state(ssl_);
}

Connection::~Connection() {
  nghttp2_session_del(session_);
  SSL_free(ssl_);
  close(fd_);
}

void Connection::connect_from(uint32_t source_address) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) fail("socket: %s", strerror(errno));
  int one = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  // The port is chosen when the destination is known, so that each source has all of them.
  setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  sockaddr_in source{}, target{};
  source.sin_family = target.sin_family = AF_INET;
  source.sin_addr.s_addr = htonl(source_address);
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  target.sin_port = htons(uint16_t(endpoint_.port));
  if (bind(fd_, reinterpret_cast<sockaddr*>(&source), sizeof source) != 0)
    fail("bind: %s", strerror(errno));
  if (connect(fd_, reinterpret_cast<sockaddr*>(&target), sizeof target) != 0 &&
      errno != EINPROGRESS)
    fail("connect: %s", strerror(errno));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT;
  event.data.ptr = this;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd_, &event) != 0) fail("epoll: %s", strerror(errno));
}

void Connection::open(Call* call) {
  nghttp2_nv headers[] = {
      header(":method", "POST"),   header(":scheme", "https"),
      header(":path", call->path()), header(":authority", "localhost"),
      header("content-type", "application/grpc"), header("te", "trailers"),
      header("user-agent", "rpc-load/1"),
  };
  nghttp2_data_provider body{};
  body.source.ptr = call;
  body.read_callback = read_request;
  call->stream = nghttp2_submit_request(session_, nullptr, headers, std::size(headers), &body, call);
  if (call->stream < 0) fail("no stream: %s", nghttp2_strerror(call->stream));
  call->deferred = false;
  call->has_status = false;
  dirty = true;
}

void Connection::resume(Call* call) {
  if (!call->deferred) return;
  call->deferred = false;
  nghttp2_session_resume_data(session_, call->stream);
  dirty = true;
}

void Connection::handle() {
  if (!is_ready()) {
    handshake();
    if (!is_ready()) return;
  }
  read();
  flush();
}

void Connection::handshake() {
  int result = SSL_connect(ssl_);
  if (result == 1) return start_session();
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ: return wait_for_write(false);
    case SSL_ERROR_WANT_WRITE: return wait_for_write(true);
    default: {
      int error = 0;
      socklen_t size = sizeof error;
      getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
      fail("handshake: %s, %s", ERR_error_string(ERR_peek_error(), nullptr),
           strerror(error ? error : errno));
    }
  }
}

void Connection::start_session() {
  if (nghttp2_session_client_new(&session_, callbacks(), this) != 0) fail("out of memory");
  nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, endpoint_.stream_window},
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
  };
  nghttp2_submit_settings(session_, 0, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, 0, 0, int32_t(endpoint_.connection_window));
  dirty = true;
}

void Connection::read() {
  static unsigned char buffer[65'536];
  while (true) {
    int count = SSL_read(ssl_, buffer, sizeof buffer);
    if (count <= 0) {
      int error = SSL_get_error(ssl_, count);
      if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
      fail("the server closed a connection (%d)", error);
    }
    ssize_t taken = nghttp2_session_mem_recv(session_, buffer, size_t(count));
    if (taken < 0) fail("HTTP/2: %s", nghttp2_strerror(int(taken)));
    dirty = true;
  }
}

void Connection::flush() {
  if (!is_ready()) return;
  dirty = false;
  while (true) {
    if (out_offset_ == out_.size()) {
      fill();
      if (out_.empty()) return wait_for_write(false);
    }
    if (!write_out()) return;
  }
}

void Connection::fill() {
  out_.clear();
  out_offset_ = 0;
  while (out_.size() < kRecordBytes) {
    const uint8_t* frame;
    ssize_t size = nghttp2_session_mem_send(session_, &frame);
    if (size < 0) fail("HTTP/2: %s", nghttp2_strerror(int(size)));
    if (size == 0) break;
    out_.append(reinterpret_cast<const char*>(frame), size_t(size));
  }
}

bool Connection::write_out() {
  size_t left = std::min(out_.size() - out_offset_, kRecordBytes);
  int count = SSL_write(ssl_, out_.data() + out_offset_, int(left));
  if (count > 0) {
    out_offset_ += size_t(count);
    return true;
  }
  int error = SSL_get_error(ssl_, count);
  if (error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ)
    fail("the server closed a connection while it was written to (%d)", error);
  wait_for_write(error == SSL_ERROR_WANT_WRITE);
  return false;
}

void Connection::wait_for_write(bool wanted) {
  if (waits_for_write_ == wanted) return;
  waits_for_write_ = wanted;
  epoll_event event{};
  event.events = EPOLLIN | (wanted ? uint32_t(EPOLLOUT) : 0u);
  event.data.ptr = this;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, fd_, &event);
}
