#include "request.h"

#include <cstring>

#include "text.h"

namespace ami::mock {

namespace {
const char* value_of(const std::string& line, std::string_view key) {
  if (line.size() <= key.size() || line[key.size()] != ':') return nullptr;
  if (!same_word(std::string_view(line).substr(0, key.size()), key)) return nullptr;
  const char* value = line.c_str() + key.size() + 1;
  while (*value == ' ' || *value == '\t') ++value;
  return value;
}
}  // namespace

const char* Request::find(std::string_view key) const {
  for (const std::string& line : lines) {
    if (const char* value = value_of(line, key)) return value;
  }
  return nullptr;
}

std::string Request::get(std::string_view key) const {
  const char* value = find(key);
  return value ? value : "";
}

std::string Request::name() const {
  for (const std::string& line : lines) {
    const char* value = value_of(line, "Action");
    if (value && *value) return value;
  }
  return {};
}

bool RequestReader::take_line(std::string& line) {
  auto* end = static_cast<char*>(std::memchr(buffer_, '\n', length_));
  if (!end) return false;
  auto used = static_cast<size_t>(end - buffer_);
  size_t text = used > 0 && buffer_[used - 1] == '\r' ? used - 1 : used;
  line.assign(buffer_, strnlen(buffer_, text));  // a NUL cuts its line, as in a C string
  length_ -= used + 1;
  std::memmove(buffer_, end + 1, length_);
  return true;
}

RequestReader::Found RequestReader::finish(Request& out) {
  out = std::move(request_);
  request_ = {};
  Found found = too_many_ ? Found::TooManyLines : too_long_ ? Found::TooLong : Found::Request;
  too_many_ = too_long_ = false;
  return found;
}

RequestReader::Found RequestReader::next(Request& out) {
  std::string line;
  while (take_line(line)) {
    if (line.empty()) return finish(out);
    if (request_.lines.size() < max_lines) {
      request_.lines.push_back(std::move(line));
    } else {
      too_many_ = true;
    }
  }
  if (length_ == capacity) {
    // The line is dropped, but for its last byte, which may be the CR of a CRLF: so a line of exactly 1,023
    // bytes leaves a blank line behind.
    buffer_[0] = buffer_[length_ - 1];
    length_ = 1;
    too_long_ = true;
  }
  return Found::None;
}

}  // namespace ami::mock
