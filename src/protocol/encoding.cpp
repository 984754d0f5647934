#include "protocol/encoding.h"

#include <algorithm>
#include <cstring>

namespace ami {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

unsigned char byte_at(std::string_view text, size_t at) noexcept {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

bool continues(unsigned char byte) noexcept {
  return (byte & 0xC0U) == 0x80U;
}

// How many ASCII bytes text begins with.
size_t ascii_prefix(std::string_view text) noexcept {
  size_t at = 0;
  for (uint64_t word = 0; text.size() - at >= sizeof word; at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

struct Sequence {
  size_t size;  // bytes to take: a whole character, or what is to be replaced as one
  bool valid;
};

// Looks at the character (not ASCII) that text begins with. The second byte's range rules out overlong forms,
// surrogates and what lies behind U+10FFFF.
Sequence sequence_at(std::string_view text) noexcept {
  const unsigned char lead = byte_at(text, 0);
  const unsigned char second = byte_at(text, 1);
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (second < low || second > high) return {1, false};
  const size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  for (size_t at = 2; at < size; ++at) {
    if (!continues(byte_at(text, at))) return {at, false};
  }
  return {size, true};
}

// Calls put(piece) for each run of bytes of the decoded UTF-8.
template <typename Put>
void decode_utf8(std::string_view wire, Put put) {
  while (!wire.empty()) {
    size_t good = ascii_prefix(wire);
    Sequence next{0, true};
    while (good < wire.size()) {
      next = sequence_at(wire.substr(good));
      if (!next.valid) break;
      good += next.size;
      good += ascii_prefix(wire.substr(good));
    }
    put(wire.substr(0, good));
    wire.remove_prefix(good);
    if (wire.empty()) return;
    put(kReplacement);
    wire.remove_prefix(next.size);
  }
}

size_t count_high(std::string_view text) noexcept {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }));
}

bool encode_latin1(std::string_view text, std::string& out) {
  const size_t before = out.size();
  for (size_t at = 0; at < text.size();) {
    const unsigned char lead = byte_at(text, at);
    if (lead < 0x80) {
      out += text[at++];
      continue;
    }
    const Sequence next = sequence_at(text.substr(at));
    if (!next.valid || lead > 0xC3) {  // C3 BF is U+00FF, the last that Latin-1 has
      out.resize(before);
      return false;
    }
    out += static_cast<char>((lead & 0x03U) << 6U | (byte_at(text, at + 1) & 0x3FU));
    at += next.size;
  }
  return true;
}

}  // namespace

bool is_plain(Encoding encoding, std::string_view wire) noexcept {
  if (encoding == Encoding::kBytes) return true;
  wire.remove_prefix(ascii_prefix(wire));
  if (encoding == Encoding::kLatin1) return wire.empty();
  while (!wire.empty()) {
    const Sequence next = sequence_at(wire);
    if (!next.valid) return false;
    wire.remove_prefix(next.size);
    wire.remove_prefix(ascii_prefix(wire));
  }
  return true;
}

size_t decoded_size(Encoding encoding, std::string_view wire) noexcept {
  if (encoding == Encoding::kBytes) return wire.size();
  if (encoding == Encoding::kLatin1) return wire.size() + count_high(wire);
  size_t size = 0;
  decode_utf8(wire, [&size](std::string_view piece) { size += piece.size(); });
  return size;
}

char* decode_to(Encoding encoding, std::string_view wire, char* out) noexcept {
  const auto put = [&out](std::string_view piece) { out = std::copy(piece.begin(), piece.end(), out); };
  if (encoding == Encoding::kBytes) {
    put(wire);
  } else if (encoding == Encoding::kUtf8) {
    decode_utf8(wire, put);
  } else {
    for (const char c : wire) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x80) *out++ = static_cast<char>(0xC0U | byte >> 6U);
      *out++ = byte < 0x80 ? c : static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return out;
}

void decode(Encoding encoding, std::string_view wire, std::string& out) {
  const size_t before = out.size();
  out.resize(before + decoded_size(encoding, wire));
  decode_to(encoding, wire, out.data() + before);
}

bool encode(Encoding encoding, std::string_view text, std::string& out) {
  if (encoding == Encoding::kLatin1) return encode_latin1(text, out);
  if (!is_plain(encoding, text)) return false;
  out += text;
  return true;
}

}  // namespace ami
