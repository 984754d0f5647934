#include "session/output.h"

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

void Output::erase(uint64_t begin, uint64_t end) {
  buffer_.erase(start_ + static_cast<size_t>(begin - handed_), static_cast<size_t>(end - begin));
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
