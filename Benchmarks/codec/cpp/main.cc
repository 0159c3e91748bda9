// The C++ peer: the commands of Sources/BenchHarness/Harness.swift, for protobuf's own classes.
//
// `decode` and `encode` make fresh objects each time, as a server does that hands them on;
// `decode-reused` and `encode-reused` keep the message and the string.

#include <time.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include <google/protobuf/util/json_util.h>

#include "bench/v1/history.pb.h"
#include "bench/v1/plan.pb.h"
#include "bench/v1/samples.pb.h"
#include "martlet/v1/live.pb.h"

namespace {

struct Case {
  std::function<void(long)> run;
  std::function<std::string()> check;
};

using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageToJsonString;

using Cases = std::map<std::string, Case>;

template <typename T>
void keep(T&& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

[[noreturn]] void fail(const std::string& why) {
  std::cerr << "bench-cpp: " << why << "\n";
  std::exit(1);
}

template <typename M>
Cases cases(const std::string& bytes, const std::string& text) {
  auto message = std::make_shared<M>();
  if (!message->ParseFromString(bytes)) fail("the message does not parse");
  auto decode = [bytes](long count) {
    for (long i = 0; i < count; i++) {
      M fresh;
      if (!fresh.ParseFromString(bytes)) fail("the message does not parse");
      keep(fresh);
    }
  };
  auto encode = [message](long count) {
    for (long i = 0; i < count; i++) {
      std::string fresh;
      if (!message->SerializeToString(&fresh)) fail("the message does not serialize");
      keep(fresh);
    }
  };
  auto decode_reused = [bytes](long count) {
    M reused;
    for (long i = 0; i < count; i++) {
      if (!reused.ParseFromString(bytes)) fail("the message does not parse");
      keep(reused);
    }
  };
  auto encode_reused = [message](long count) {
    std::string reused;
    for (long i = 0; i < count; i++) {
      if (!message->SerializeToString(&reused)) fail("the message does not serialize");
      keep(reused);
    }
  };
  auto json_decode = [text](long count) {
    for (long i = 0; i < count; i++) {
      M fresh;
      if (!JsonStringToMessage(text, &fresh).ok()) fail("the JSON does not parse");
      keep(fresh);
    }
  };
  auto json_encode = [message](long count) {
    for (long i = 0; i < count; i++) {
      std::string fresh;
      if (!MessageToJsonString(*message, &fresh).ok()) fail("the message has no JSON");
      keep(fresh);
    }
  };
  auto check = [message] { return message->SerializeAsString(); };
  auto check_json_decode = [text] {
    M fresh;
    if (!JsonStringToMessage(text, &fresh).ok()) fail("the JSON does not parse");
    return fresh.SerializeAsString();
  };
  auto check_json_encode = [message] {
    std::string text;
    M again;
    if (!MessageToJsonString(*message, &text).ok()) fail("the message has no JSON");
    if (!JsonStringToMessage(text, &again).ok()) fail("the JSON does not parse");
    return again.SerializeAsString();
  };
  return {{"decode", {decode, check}},
          {"encode", {encode, check}},
          {"decode-reused", {decode_reused, check}},
          {"encode-reused", {encode_reused, check}},
          {"json-decode", {json_decode, check_json_decode}},
          {"json-encode", {json_encode, check_json_encode}}};
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

Cases load(const std::string& folder, const std::string& name) {
  const std::string wire = read_file(folder + "/" + name + ".bin");
  const std::string text = read_file(folder + "/" + name + ".json");
  if (name == "batch") return cases<bench::v1::SampleBatch>(wire, text);
  if (name == "columns") return cases<bench::v1::Columns>(wire, text);
  if (name == "history") return cases<bench::v1::HistoryPage>(wire, text);
  if (name == "track") return cases<martlet::v1::TrackBatch>(wire, text);
  if (name == "plan") return cases<bench::v1::Plan>(wire, text);
  return {};
}

long nanoseconds(const Case& found, long count) {
  timespec before, after;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
  found.run(count);
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
  return (after.tv_sec - before.tv_sec) * 1'000'000'000L + after.tv_nsec - before.tv_nsec;
}

void answer(const std::string& folder, std::istream& words, std::map<std::string, Cases>& loaded) {
  std::string command, message, operation, last;
  words >> command >> message >> operation >> last;
  if (!loaded.count(message)) loaded[message] = load(folder, message);
  auto found = loaded[message].find(operation);
  if (found == loaded[message].end()) {
    std::cout << "none" << std::endl;
  } else if (command == "check") {
    std::ofstream(last, std::ios::binary) << found->second.check();
    std::cout << "ok" << std::endl;
  } else {
    std::cout << nanoseconds(found->second, std::stol(last)) << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) fail("usage: bench-cpp FOLDER [COMMAND]");
  std::map<std::string, Cases> loaded;
  std::string line;
  if (argc > 2) {
    for (int i = 2; i < argc; i++) line += std::string(argv[i]) + " ";
    std::istringstream words(line);
    answer(argv[1], words, loaded);
    return 0;
  }
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    answer(argv[1], words, loaded);
  }
}
