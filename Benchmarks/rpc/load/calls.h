// The calls of bench.rpc.v1.Greeter that loads are made of, each with a check of every response.
#pragma once

#include <arpa/inet.h>

#include <functional>
#include <string>

#include "connection.h"
#include "measure.h"

/// A message behind gRPC's prefix: not compressed, and its length.
inline std::string framed(const std::string& message) {
  uint32_t length = htonl(uint32_t(message.size()));
  return std::string(1, 0) + std::string(reinterpret_cast<char*>(&length), 4) + message;
}

/// A length-delimited field of protobuf's wire format.
inline std::string field(int number, const std::string& content) {
  std::string out(1, char(number << 3 | 2));
  for (size_t left = content.size(); true; left >>= 7) {
    if (left < 128) {
      out += char(left);
      return out + content;
    }
    out += char(left | 128);
  }
}

/// Compares what comes with what must come, byte by byte, however it is cut.
class Expectation {
 public:
  /// Takes bytes up to the end of `expected`; returns how many.
  size_t take(const std::string& expected, const uint8_t* data, size_t size) {
    size_t count = std::min(size, expected.size() - offset_);
    if (memcmp(data, expected.data() + offset_, count) != 0) fail("a response is wrong");
    offset_ += count;
    return count;
  }
  bool is_met(const std::string& expected) const { return offset_ == expected.size(); }
  void reset() { offset_ = 0; }

 private:
  size_t offset_ = 0;
};

/// A unary call; `request` and `response` are framed messages that outlive it.
class UnaryCall : public Call {
 public:
  UnaryCall(const char* path, const std::string& request, const std::string& response)
      : path_(path), request_(request), response_(response) {}

  /// Called when the call has ended well, with the time that it took.
  std::function<void(uint64_t nanoseconds)> on_end;

  void restart() {
    written_ = 0;
    expectation_.reset();
    start_ = now_nanoseconds();
  }

  const char* path() const override { return path_; }
  size_t write(uint8_t* out, size_t size) override {
    size_t count = std::min(size, request_.size() - written_);
    memcpy(out, request_.data() + written_, count);
    written_ += count;
    return count;
  }
  bool finished() const override { return written_ == request_.size(); }
  void receive(const uint8_t* data, size_t size) override {
    if (expectation_.take(response_, data, size) != size) fail("a response is too long");
  }
  void ended() override {
    if (!expectation_.is_met(response_)) fail("a response is too short");
    on_end(now_nanoseconds() - start_);
  }

 private:
  const char* path_;
  const std::string& request_;
  const std::string& response_;
  size_t written_ = 0;
  Expectation expectation_;
  uint64_t start_ = 0;
};

/// An open Chat call: numbered notes out, the same notes back, up to `window` under way.
class ChatCall : public Call {
 public:
  ChatCall(Connection* connection, int window)
      : connection_(connection), request_(note()), response_(note()), allowed_(window) {
    number(request_, next_sent_);
    number(response_, next_expected_);
  }

  /// Called for each note that came back, with the time since it was sent when one is under way.
  std::function<void(uint64_t nanoseconds)> on_reply;
  /// Whether replies let further notes out.
  bool continues = true;

  uint64_t replies() const { return next_expected_ - 1; }

  const char* path() const override { return "/bench.rpc.v1.Greeter/Chat"; }
  size_t write(uint8_t* out, size_t size) override {
    if (allowed_ == 0) return 0;
    if (written_ == 0) sent_at_ = now_nanoseconds();
    size_t count = std::min(size, request_.size() - written_);
    memcpy(out, request_.data() + written_, count);
    written_ += count;
    if (written_ == request_.size()) {
      written_ = 0;
      allowed_--;
      number(request_, ++next_sent_);
    }
    return count;
  }
  bool finished() const override { return false; }
  void receive(const uint8_t* data, size_t size) override {
    while (size > 0) {
      size_t count = expectation_.take(response_, data, size);
      data += count;
      size -= count;
      if (expectation_.is_met(response_)) replied();
    }
    if (allowed_ > 0) connection_->resume(this);
  }
  void ended() override { fail("the server ended a stream"); }

 private:
  static std::string note() {
    return framed(std::string(1, 0x09) + std::string(8, 0) + field(2, "a note of some size"));
  }
  static void number(std::string& framed_note, uint64_t value) {
    memcpy(&framed_note[6], &value, sizeof value);
  }
  void replied() {
    expectation_.reset();
    number(response_, ++next_expected_);
    if (on_reply) on_reply(now_nanoseconds() - sent_at_);
    if (continues) allowed_++;
  }

  Connection* connection_;
  std::string request_, response_;
  // From 1: a number of 0 would not be written.
  uint64_t next_sent_ = 1, next_expected_ = 1;
  int allowed_;
  size_t written_ = 0;
  Expectation expectation_;
  uint64_t sent_at_ = 0;
};
