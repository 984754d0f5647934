#include "protocol/scan.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__) && !defined(AMI_SCAN_PORTABLE)
#include <immintrin.h>
#define AMI_SCAN_X86 1
#endif

namespace ami::scan {
namespace {

constexpr size_t kBlock = 64;

inline size_t lowest(uint64_t bits) noexcept {
  return static_cast<size_t>(__builtin_ctzll(bits));
}

inline size_t count_bits(uint64_t bits) noexcept {
  return static_cast<size_t>(__builtin_popcountll(bits));
}

// There is an LF at this place, and another one or two bytes before it. Seldom is that no message end.
inline bool ends_message(const char* text, size_t at) noexcept {
  if (text[at - 1] == '\n') return at >= 2 && text[at - 2] == '\r';
  return at >= 3 && text[at - 1] == '\r' && text[at - 3] == '\r';
}

inline uint16_t* write_bits(uint64_t bits, size_t base, uint16_t* out) noexcept {
  for (; bits != 0; bits &= bits - 1) *out++ = static_cast<uint16_t>(base + lowest(bits));
  return out;
}

// Eight bytes, the first one lowest.
inline uint64_t load_word(const char* bytes) noexcept {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// For the blocks that can be loaded only whole: the last one from the text's end backwards, to be shifted, or
// a copy of a text of less than a block.
struct Rest {
  // cppcheck-suppress uninitMemberVar  // copy is filled where it is used
  Rest(const char* text, size_t size, size_t from) noexcept {
    if (size >= kBlock) {
      at = text + size - kBlock;
      shift = static_cast<unsigned>(kBlock - (size - from));
      return;
    }
    std::memcpy(copy, text + from, size - from);
    std::memset(copy + (size - from), 0, kBlock - (size - from));
    at = copy;
  }
  const char* at = nullptr;
  unsigned shift = 0;
  char copy[kBlock];
};

// In words of eight bytes, for every processor, and for tests to hold the others against.
namespace words {
#define TARGET
struct Block {
  static Block load(const char* at) noexcept {
    Block block{};
    for (size_t i = 0; i < 8; ++i) block.words[i] = load_word(at + 8 * i);
    return block;
  }
  static Block load_rest(const char* text, size_t size, size_t from) noexcept {
    const Rest rest(text, size, from);
    Block block = load(rest.at);
    block.shift = rest.shift;
    return block;
  }
  [[nodiscard]] uint64_t matches(char wanted) const noexcept {
    constexpr uint64_t kOnes = 0x0101010101010101U;
    constexpr uint64_t kLow7 = 0x7F7F7F7F7F7F7F7FU;
    // Multiplying brings bit 8 * i to bit 56 + i.
    constexpr uint64_t kGather = 0x0102040810204080U;
    const uint64_t pattern = kOnes * static_cast<unsigned char>(wanted);
    uint64_t bits = 0;
    for (size_t i = 0; i < 8; ++i) {
      const uint64_t differ = words[i] ^ pattern;
      // The top bit of each byte, set exactly where the byte is 0; no borrow runs from byte to byte.
      const uint64_t equal = ~(((differ & kLow7) + kLow7) | differ | kLow7);
      bits |= ((equal >> 7U) * kGather >> 56U) << 8 * i;
    }
    return bits >> shift;
  }
  static uint16_t* write(uint64_t bits, size_t base, uint16_t* out) noexcept {
    return write_bits(bits, base, out);
  }
  uint64_t words[8];
  unsigned shift = 0;
};
#include "protocol/scan_kernel.inc"
#undef TARGET
}  // namespace words

#ifdef AMI_SCAN_X86
namespace sse2 {
#define TARGET
struct Block {
  static Block load(const char* at) noexcept {
    const auto* parts = reinterpret_cast<const __m128i*>(at);
    return {{_mm_loadu_si128(parts), _mm_loadu_si128(parts + 1), _mm_loadu_si128(parts + 2),
             _mm_loadu_si128(parts + 3)}};
  }
  static Block load_rest(const char* text, size_t size, size_t from) noexcept {
    const Rest rest(text, size, from);
    Block block = load(rest.at);
    block.shift = rest.shift;
    return block;
  }
  [[nodiscard]] uint64_t matches(char wanted) const noexcept {
    const __m128i pattern = _mm_set1_epi8(wanted);
    const auto part = [this, pattern](size_t index) {
      const int bits = _mm_movemask_epi8(_mm_cmpeq_epi8(parts[index], pattern));
      return static_cast<uint64_t>(static_cast<uint32_t>(bits));
    };
    return (part(0) | part(1) << 16U | part(2) << 32U | part(3) << 48U) >> shift;
  }
  static uint16_t* write(uint64_t bits, size_t base, uint16_t* out) noexcept {
    return write_bits(bits, base, out);
  }
  __m128i parts[4];
  unsigned shift = 0;
};
#include "protocol/scan_kernel.inc"
#undef TARGET
}  // namespace sse2

namespace avx2 {
#define TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))
struct Block {
  TARGET static Block load(const char* at) noexcept {
    const auto* parts = reinterpret_cast<const __m256i*>(at);
    return {{_mm256_loadu_si256(parts), _mm256_loadu_si256(parts + 1)}};
  }
  TARGET static Block load_rest(const char* text, size_t size, size_t from) noexcept {
    const Rest rest(text, size, from);
    Block block = load(rest.at);
    block.shift = rest.shift;
    return block;
  }
  [[nodiscard]] TARGET uint64_t matches(char wanted) const noexcept {
    const __m256i pattern = _mm256_set1_epi8(wanted);
    const auto low = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(parts[0], pattern)));
    const auto high = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(parts[1], pattern)));
    return (low | static_cast<uint64_t>(high) << 32U) >> shift;
  }
  // Eight at a time, wanted or not: the number of bits in a block is hard to foretell.
  TARGET static uint16_t* write(uint64_t bits, size_t base, uint16_t* out) noexcept {
    uint16_t* const end = out + _mm_popcnt_u64(bits);
    const auto write_one = [&](size_t index) TARGET {
      out[index] = static_cast<uint16_t>(base + _tzcnt_u64(bits));
      bits &= bits - 1;
    };
    for (; out < end; out += 8) {
      write_one(0), write_one(1), write_one(2), write_one(3);
      write_one(4), write_one(5), write_one(6), write_one(7);
    }
    return end;
  }
  __m256i parts[2];
  unsigned shift = 0;
};
#include "protocol/scan_kernel.inc"
#undef TARGET
}  // namespace avx2

namespace avx512 {
#define TARGET __attribute__((target("avx512bw,avx512vbmi2,bmi,bmi2,popcnt")))
struct Block {
  TARGET static Block load(const char* at) noexcept { return {_mm512_loadu_si512(at)}; }
  TARGET static Block load_rest(const char* text, size_t size, size_t from) noexcept {
    return {
        _mm512_maskz_loadu_epi8(_bzhi_u64(~uint64_t{0}, static_cast<unsigned>(size - from)), text + from)};
  }
  [[nodiscard]] TARGET uint64_t matches(char wanted) const noexcept {
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(wanted));
  }
  TARGET static uint16_t* write(uint64_t bits, size_t base, uint16_t* out) noexcept {
    alignas(64) static constexpr char kPlaces[kBlock] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const __m512i places = _mm512_maskz_compress_epi8(bits, _mm512_load_si512(kPlaces));
    // Not _mm512_castsi512_si256(): gcc 12 takes that for a read of an uninitialized value.
    const __m512i wide = _mm512_cvtepu8_epi16(__builtin_shufflevector(places, places, 0, 1, 2, 3));
    const __m512i start = _mm512_set1_epi16(static_cast<short>(base));
    _mm512_storeu_si512(out, _mm512_add_epi16(wide, start));
    const auto count = _mm_popcnt_u64(bits);
    if (count > 32) {
      const __m512i high = _mm512_cvtepu8_epi16(__builtin_shufflevector(places, places, 4, 5, 6, 7));
      _mm512_storeu_si512(out + 32, _mm512_add_epi16(high, start));
    }
    return out + count;
  }
  __m512i bytes;
};
#include "protocol/scan_kernel.inc"
#undef TARGET
}  // namespace avx512
#endif

constexpr Kernel kKernels[] = {
    {"words", words::message_end, words::line_begin, words::outline},
#ifdef AMI_SCAN_X86
    {"sse2", sse2::message_end, sse2::line_begin, sse2::outline},
    {"avx2", avx2::message_end, avx2::line_begin, avx2::outline},
    {"avx512", avx512::message_end, avx512::line_begin, avx512::outline},
#endif
};

}  // namespace

std::span<const Kernel> kernels() noexcept {
  size_t count = 1;
#ifdef AMI_SCAN_X86
  ++count;
  __builtin_cpu_init();
  const bool bits = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                    __builtin_cpu_supports("popcnt");  // a virtual machine may lack any of them
  if (bits && __builtin_cpu_supports("avx2")) ++count;
  if (count == 3 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2")) ++count;
#endif
  return {kKernels, count};
}

// Before this file's static objects are made, the first one does.
constinit std::atomic<const Kernel*> chosen{kKernels};
namespace {
[[maybe_unused]] const bool chose = (chosen.store(&kernels().back(), std::memory_order_relaxed), true);
}

size_t message_end(std::string_view before, std::string_view text, size_t& line_feeds) noexcept {
  // Only an end in the first three bytes of text may depend on what came before.
  char seam[6];
  const size_t old = before.copy(seam, 3, before.size() - std::min<size_t>(before.size(), 3));
  const size_t size = old + text.copy(seam + old, 3);
  for (size_t at = std::max<size_t>(old, 1); at < size; ++at) {
    const bool near = seam[at - 1] == '\n' || (at >= 2 && seam[at - 2] == '\n');
    if (seam[at] != '\n' || !near || !ends_message(seam, at)) continue;
    line_feeds += static_cast<size_t>(std::count(seam + old, seam + at + 1, '\n'));
    return at + 1 - old;
  }
  return message_end(text, line_feeds);
}

size_t count_lines(std::string_view text) noexcept {
  size_t count = 0;
  for (size_t lf = text.find('\n', 1); lf != std::string_view::npos; lf = text.find('\n', lf + 1)) {
    if (text[lf - 1] == '\r') ++count;
  }
  return count;
}

}  // namespace ami::scan
