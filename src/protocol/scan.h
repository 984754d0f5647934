#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__) && !defined(AMI_SCAN_PORTABLE)
#include <emmintrin.h>
#define AMI_SCAN_SSE2 1
#endif

// Finds the bytes that shape a message in blocks of 64, as bitmaps: bit i stands for byte i of the block. AMI
// lines are some twenty bytes long, so that a search byte for byte (or a memchr() for each line) costs more
// in calls and branches than in bytes looked at.
namespace ami::scan {

constexpr size_t kBlock = 64;

// Which bytes of a block are wanted. With 64-bit words only: for other processors, and as the yardstick that
// tests hold the SSE2 form against.
[[nodiscard]] uint64_t matches_portable(const char* block, char wanted) noexcept;

#ifdef AMI_SCAN_SSE2
[[nodiscard]] inline uint64_t matches(const char* block, char wanted) noexcept {
  const __m128i pattern = _mm_set1_epi8(wanted);
  const auto part = [block, pattern](size_t index) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 16 * index));
    return static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, pattern))));
  };
  return part(0) | part(1) << 16U | part(2) << 32U | part(3) << 48U;
}
#else
[[nodiscard]] inline uint64_t matches(const char* block, char wanted) noexcept {
  return matches_portable(block, wanted);
}
#endif

[[nodiscard]] inline size_t lowest(uint64_t bits) noexcept {
  return static_cast<size_t>(std::countr_zero(bits));
}

// How many CRLF there are in text.
[[nodiscard]] size_t count_lines(std::string_view text) noexcept;

// Walks a text block by block. The last block, if it is shorter than 64 bytes, is given as a copy padded with
// NULs, so that nothing behind the text is ever read.
class Blocks {
 public:
  explicit Blocks(std::string_view text) noexcept : text_(text) {}

  // The next block, or nullptr behind the last. base() tells where in the text it begins.
  [[nodiscard]] const char* next() noexcept {
    base_ = next_;
    if (text_.size() - next_ >= kBlock) {
      next_ += kBlock;
      return text_.data() + base_;
    }
    if (next_ == text_.size()) return nullptr;
    std::memset(padded_, 0, sizeof padded_);
    std::memcpy(padded_, text_.data() + base_, text_.size() - base_);
    next_ = text_.size();
    return padded_;
  }
  [[nodiscard]] size_t base() const noexcept { return base_; }

 private:
  std::string_view text_;
  size_t base_ = 0;
  size_t next_ = 0;
  char padded_[kBlock];
};

// Finds line ends: CRLF, across the border between blocks too.
class LineEnds {
 public:
  // before: what came before the first block; of it the last bytes matter.
  explicit LineEnds(std::string_view before = {}) noexcept : after_cr_(before.ends_with('\r') ? 1 : 0) {}

  // Marks the LF of each CRLF in the block.
  [[nodiscard]] uint64_t in(const char* block) noexcept {
    const uint64_t cr = matches(block, '\r');
    const uint64_t lf = matches(block, '\n');
    const uint64_t ends = lf & (cr << 1U | after_cr_);
    after_cr_ = cr >> 63U;
    return ends;
  }

 private:
  uint64_t after_cr_;
};

constexpr size_t kNone = ~size_t{0};

// Finds message ends: a blank line, CRLF or a bare LF, directly after a CRLF. Goes on over all of the text,
// so that blank lines behind a message end are found as ends, too.
class MessageEnds {
 public:
  // before: the part of the message that came before the text, without an end in it; the last three bytes
  // matter.
  explicit MessageEnds(std::string_view text, std::string_view before = {}) noexcept : blocks_(text) {
    after_cr_ = before.ends_with('\r') ? 1 : 0;
    // Bits 62 and 63 of the block before the first, in the places to which shifts bring them.
    if (before.ends_with("\r\n")) line_ended_ = 2;
    if (before.size() >= 3 && before.substr(0, before.size() - 1).ends_with("\r\n")) line_ended_ = 1;
  }

  // The offset just behind the next message end, or kNone.
  [[nodiscard]] size_t next() noexcept {
    while (found_ == 0) {
      const char* block = blocks_.next();
      if (block == nullptr) return kNone;
      look_at(block);
    }
    const size_t end = blocks_.base() + lowest(found_) + 1;
    found_ &= found_ - 1;
    return end;
  }

 private:
  void look_at(const char* block) noexcept {
    const uint64_t cr = matches(block, '\r');
    const uint64_t lf = matches(block, '\n');
    const uint64_t line = lf & (cr << 1U | after_cr_);
    found_ = (line & (line << 2U | line_ended_)) | (lf & (line << 1U | line_ended_ >> 1U));
    after_cr_ = cr >> 63U;
    line_ended_ = line >> 62U;
  }

  Blocks blocks_;
  uint64_t found_ = 0;
  uint64_t after_cr_ = 0;
  uint64_t line_ended_ = 0;  // bit 1: the byte before this block ends a line; bit 0: the one before that
};

}  // namespace ami::scan
