#include "session/output.h"

#include <algorithm>
#include <cstring>

#include "protocol/digest.h"

namespace ami {
namespace {
// Room for a login, so that the secret is never left behind in a buffer that was outgrown.
constexpr size_t kInitialBytes = 4096;
// A larger buffer is given back when it has run empty.
constexpr size_t kKeepBytes = 65536;
}  // namespace

void Output::reset() noexcept {
  wipe(buffer_);
  start_ = 0;
  handed_ = 0;
}

uint64_t Output::append(std::string_view text) {
  if (start_ > 0 && buffer_.size() + text.size() > buffer_.capacity()) {
    buffer_.erase(0, start_);
    start_ = 0;
  }
  if (buffer_.capacity() < kInitialBytes) buffer_.reserve(kInitialBytes);
  buffer_.append(text);
  return handed_ + (buffer_.size() - start_);
}

void Output::move_up(uint64_t begin, uint64_t end, uint64_t by) noexcept {
  char* const at = buffer_.data() + start_ + (begin - handed_);
  std::memmove(at - by, at, static_cast<size_t>(end - begin));
}

void Output::take_back(uint64_t bytes) noexcept {
  const size_t left = buffer_.size() - static_cast<size_t>(bytes);
  std::fill(buffer_.begin() + static_cast<std::ptrdiff_t>(left), buffer_.end(), '\0');
  buffer_.resize(left);
}

void Output::handed_over(size_t bytes) {
  buffer_.replace(start_, bytes, bytes, '\0');
  start_ += bytes;
  handed_ += bytes;
  if (start_ < buffer_.size()) return;
  start_ = 0;
  if (buffer_.capacity() > kKeepBytes) {
    buffer_ = std::string();
  } else {
    buffer_.clear();
  }
}

}  // namespace ami
