#include "protocol/scan.h"

namespace ami::scan {
namespace {

// Eight bytes, the first one lowest.
uint64_t load_word(const char* bytes) noexcept {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

}  // namespace

uint64_t matches_portable(const char* block, char wanted) noexcept {
  constexpr uint64_t kOnes = 0x0101010101010101U;
  constexpr uint64_t kLow7 = 0x7F7F7F7F7F7F7F7FU;
  // Multiplying brings bit 8 * i to bit 56 + i.
  constexpr uint64_t kGather = 0x0102040810204080U;
  const uint64_t pattern = kOnes * static_cast<unsigned char>(wanted);
  uint64_t bits = 0;
  for (size_t i = 0; i < kBlock; i += 8) {
    const uint64_t differ = load_word(block + i) ^ pattern;
    // The top bit of each byte, set exactly where the byte is 0; no borrow runs from byte to byte.
    const uint64_t equal = ~(((differ & kLow7) + kLow7) | differ | kLow7);
    bits |= ((equal >> 7U) * kGather >> 56U) << i;
  }
  return bits;
}

size_t count_lines(std::string_view text) noexcept {
  size_t count = 0;
  for (size_t lf = text.find('\n', 1); lf != std::string_view::npos; lf = text.find('\n', lf + 1)) {
    if (text[lf - 1] == '\r') ++count;
  }
  return count;
}

bool Outline::draw(std::string_view text) noexcept {
  if (text.size() > kMost) return false;
  Blocks blocks(text);
  uint16_t* end = line_ends_;
  while (blocks.next()) {
    const size_t base = blocks.base();
    colons_[base / kBlock] = blocks.marks(':');
    for (uint64_t lfs = blocks.marks('\n'); lfs != 0; lfs &= lfs - 1) {
      const size_t lf = base + lowest(lfs);
      if (lf == 0 || text[lf - 1] != '\r') return false;
      *end++ = static_cast<uint16_t>(lf - 1);
    }
  }
  lines_ = static_cast<size_t>(end - line_ends_);
  return true;
}

}  // namespace ami::scan
