#include "protocol/text.h"

#include <algorithm>

namespace ami {

bool starts_nocase(std::string_view text, std::string_view prefix) noexcept {
  return text.starts_with(prefix) ||  // as it is nearly always written
         (text.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), text.begin(),
                                                     [](char a, char b) { return lower(a) == lower(b); }));
}

bool contains_nocase(std::string_view text, std::string_view part) noexcept {
  const auto same = [](char a, char b) { return lower(a) == lower(b); };
  return part.empty() || std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

std::string lower_copy(std::string_view text) {
  std::string copy(text);
  for (char& c : copy) c = lower(c);
  return copy;
}

std::string_view skip_blanks(std::string_view value) noexcept {
  while (!value.empty() && static_cast<unsigned char>(value.front()) <= ' ') value.remove_prefix(1);
  return value;
}

bool is_true(std::string_view value) noexcept {
  value = skip_blanks(value);
  for (const std::string_view word : {"yes", "true", "y", "t", "1", "on"}) {
    if (equal_nocase(value, word)) return true;
  }
  return false;
}

bool parse_number(std::string_view text, uint64_t max, uint64_t& out) noexcept {
  if (text.empty()) return false;
  uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    const auto digit = static_cast<uint64_t>(c - '0');
    if (number > (UINT64_MAX - digit) / 10) return false;
    number = number * 10 + digit;
  }
  if (number > max) return false;
  out = number;
  return true;
}

std::string printable(std::string_view text, size_t limit) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x20 && byte < 0x7F;
    if (out.size() + (plain ? 1U : 4U) > limit) return out + "...";
    if (plain) {
      out += c;
    } else {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  return out;
}

}  // namespace ami
