// One action as the mock read it, and the reader that finds actions in the bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ami::mock {

struct Request {
  std::vector<std::string> lines;

  // The first value of that key, leading blanks skipped, trailing ones kept; nullptr if it is not there.
  const char* find(std::string_view key) const;
  std::string get(std::string_view key) const;  // empty if it is not there
  std::string name() const;                     // first Action that is not empty
  std::string id() const { return get("ActionID"); }
};

// Reads as Asterisk does: into 1,024 bytes, line by line. The caller reads once from the socket into room(),
// and only when next() has found nothing more: bytes that did not fit stay where they are. That is why one
// TLS record of more than 1,024 bytes stalls a real server, and this one.
class RequestReader {
 public:
  enum class Found { None, Request, TooLong, TooManyLines };
  static constexpr size_t capacity = 1024;
  static constexpr size_t max_lines = 128;

  char* room() { return buffer_ + length_; }
  size_t room_size() const { return capacity - length_; }
  void filled(size_t count) { length_ += count; }
  Found next(Request& out);

 private:
  bool take_line(std::string& line);
  Found finish(Request& out);

  char buffer_[capacity] = {};
  size_t length_ = 0;
  Request request_;
  bool too_long_ = false;
  bool too_many_ = false;
};

}  // namespace ami::mock
