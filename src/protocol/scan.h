#pragma once

#include <algorithm>
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
constexpr size_t kNone = ~size_t{0};

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

// Walks a text block by block, and never reads behind it: a last block that is shorter is looked at from the
// text's end backwards, or, in a text of less than a block, as a copy.
class Blocks {
 public:
  // cppcheck-suppress uninitMemberVar  // copy_ is filled where it is used
  explicit Blocks(std::string_view text) noexcept : text_(text) {}

  // Goes to the next block, or tells that there is none.
  [[nodiscard]] bool next() noexcept {
    base_ = next_;
    const size_t rest = text_.size() - base_;
    if (rest >= kBlock) {
      block_ = text_.data() + base_;
      next_ += kBlock;
      return true;
    }
    if (rest == 0) return false;
    next_ = text_.size();
    if (text_.size() >= kBlock) {
      block_ = text_.data() + text_.size() - kBlock;
      shift_ = kBlock - rest;
    } else {
      std::memcpy(copy_, text_.data(), rest);
      std::memset(copy_ + rest, 0, kBlock - rest);
      block_ = copy_;
    }
    return true;
  }
  // Where in the text the block begins.
  [[nodiscard]] size_t base() const noexcept { return base_; }
  // Which bytes of the block are wanted, which is not NUL.
  [[nodiscard]] uint64_t marks(char wanted) const noexcept { return matches(block_, wanted) >> shift_; }

 private:
  std::string_view text_;
  const char* block_ = nullptr;
  size_t base_ = 0;
  size_t next_ = 0;
  size_t shift_ = 0;
  char copy_[kBlock];
};

// Finds message ends: a blank line, CRLF or a bare LF, directly after a CRLF. Goes on over all of the text,
// so that blank lines behind a message end are found as ends, too.
class MessageEnds {
 public:
  // before: the part of the message that came before the text, without an end in it; the last three bytes
  // matter.
  explicit MessageEnds(std::string_view text, std::string_view before = {}) noexcept
      : text_(text), blocks_(text) {
    before.remove_prefix(before.size() - std::min(before.size(), sizeof before_));
    std::copy(before.begin(), before.end(), before_ + sizeof before_ - before.size());
    if (before_[1] == '\n') after_lf_ = 1;
    if (before_[2] == '\n') after_lf_ = 3;
  }

  // The offset just behind the next message end, or kNone.
  [[nodiscard]] size_t next() noexcept {
    for (;;) {
      while (near_ == 0) {
        if (!blocks_.next()) return kNone;
        const uint64_t lf = blocks_.marks('\n');
        near_ = lf & (lf << 1U | lf << 2U | after_lf_);
        after_lf_ = lf >> 62U | lf >> 63U;
      }
      const size_t at = blocks_.base() + lowest(near_);
      near_ &= near_ - 1;
      if (is_end(at)) return at + 1;
    }
  }

 private:
  // There is an LF at this place, and another one or two bytes before it. Seldom is that no message end.
  [[nodiscard]] bool is_end(size_t at) const noexcept {
    if (back(at, 1) == '\n') return back(at, 2) == '\r';
    return back(at, 1) == '\r' && back(at, 3) == '\r';
  }
  [[nodiscard]] char back(size_t at, size_t count) const noexcept {
    return at >= count ? text_[at - count] : before_[sizeof before_ + at - count];
  }

  std::string_view text_;
  Blocks blocks_;
  uint64_t near_ = 0;      // LFs of this block that have another one or two bytes before them
  uint64_t after_lf_ = 0;  // bits 0 and 1: the first bytes of the next block that have an LF so near
  char before_[3] = {};
};

// How many CRLF there are in text.
[[nodiscard]] size_t count_lines(std::string_view text) noexcept;

// Where the lines of a short text end, and where its colons are.
class Outline {
 public:
  static constexpr size_t kMost = 4096;

  // False when the text is longer than kMost or holds an LF that ends no line: then there is no outline.
  [[nodiscard]] bool draw(std::string_view text) noexcept;

  [[nodiscard]] size_t lines() const noexcept { return lines_; }
  // Where the CRLF of a line begins.
  [[nodiscard]] size_t line_end(size_t line) const noexcept { return line_ends_[line]; }
  // The first colon at or behind begin, if it stands before end, or else any place behind that.
  [[nodiscard]] size_t colon(size_t begin, size_t end) const noexcept {
    const uint64_t here = colons_[begin / kBlock] >> begin % kBlock;
    if (here != 0) return begin + lowest(here);
    for (size_t block = begin / kBlock + 1; block * kBlock < end; ++block) {
      if (colons_[block] != 0) return block * kBlock + lowest(colons_[block]);
    }
    return kNone;
  }

 private:
  size_t lines_ = 0;
  uint64_t colons_[kMost / kBlock];
  uint16_t line_ends_[kMost / 2];
};

}  // namespace ami::scan
