#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// Finds the bytes that shape a message in blocks of 64, as bitmaps: bit i stands for byte i of the block. AMI
// lines are some twenty bytes long, so that a search byte for byte (or a memchr() for each line) costs more
// in calls and branches than in bytes looked at.
namespace ami::scan {

constexpr size_t kNone = ~size_t{0};

// The same three searches for every set of instructions that is worth having.
struct Kernel {
  const char* name;
  // The offset just behind the first message end: a blank line, CRLF or a bare LF, directly after a CRLF.
  // Adds the number of LFs up to there, or in all of the text, to line_feeds.
  size_t (*message_end)(const char* text, size_t size, size_t& line_feeds) noexcept;
  // From an offset on, where the first line begins (behind any LF) whose first byte is one of two, not NUL.
  size_t (*line_begin)(const char* text, size_t size, size_t from, char one, char other) noexcept;
  // Of each line, where its first colon is and where its LF. Returns how many lines there are, or kNone when
  // an LF ends no line or a line has no colon. marks has room for 64 more than there are.
  size_t (*outline)(const char* text, size_t size, uint16_t* marks) noexcept;
};

// Those that this processor can run, the best one last.
[[nodiscard]] std::span<const Kernel> kernels() noexcept;
extern std::atomic<const Kernel*> chosen;  // the best one; any other for tests
[[nodiscard]] inline const Kernel& kernel() noexcept {
  return *chosen.load(std::memory_order_relaxed);
}

[[nodiscard]] inline size_t message_end(std::string_view text, size_t& line_feeds) noexcept {
  return kernel().message_end(text.data(), text.size(), line_feeds);
}
// The same where the message began before text, with no end in that part.
[[nodiscard]] size_t message_end(std::string_view before, std::string_view text, size_t& line_feeds) noexcept;

[[nodiscard]] inline size_t line_begin(std::string_view text, size_t from, char one, char other) noexcept {
  return kernel().line_begin(text.data(), text.size(), from, one, other);
}

// How many CRLF there are in text.
[[nodiscard]] size_t count_lines(std::string_view text) noexcept;

// Where the lines of a short text end, and where the first colon of each is.
class Outline {
 public:
  static constexpr size_t kMost = 4096;

  // False when the text is longer than kMost, or not all of its lines are plain: an LF that ends no line, or
  // no colon. Then there is no outline.
  [[nodiscard]] bool draw(std::string_view text) noexcept {
    if (text.size() > kMost) return false;
    lines_ = kernel().outline(text.data(), text.size(), marks_);
    return lines_ != kNone;
  }

  [[nodiscard]] size_t lines() const noexcept { return lines_; }
  // Where the CRLF of a line begins.
  [[nodiscard]] size_t line_end(size_t line) const noexcept { return marks_[2 * line + 1] - size_t{1}; }
  // The first colon of a line.
  [[nodiscard]] size_t colon(size_t line) const noexcept { return marks_[2 * line]; }

 private:
  size_t lines_ = 0;
  uint16_t marks_[2 * (kMost / 3 + 1) + 64];  // such a line has three bytes at least
};

}  // namespace ami::scan
