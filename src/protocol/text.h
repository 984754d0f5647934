#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Small questions about bytes. AMI names are compared without case, in ASCII only.
namespace ami {

[[nodiscard]] constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] bool starts_nocase(std::string_view text, std::string_view prefix) noexcept;
[[nodiscard]] inline bool equal_nocase(std::string_view a, std::string_view b) noexcept {
  // Lengths and first letters settle most.
  return a.size() == b.size() && (a.empty() || (lower(a.front()) == lower(b.front()) && starts_nocase(a, b)));
}
[[nodiscard]] bool contains_nocase(std::string_view text, std::string_view part) noexcept;
[[nodiscard]] std::string lower_copy(std::string_view text);

// A whole decimal number without sign or blanks; false when it is anything else or above max.
[[nodiscard]] bool parse_number(std::string_view text, uint64_t max, uint64_t& out) noexcept;

// A header's value as Asterisk reads it: blanks before it do not count.
[[nodiscard]] std::string_view skip_blanks(std::string_view value) noexcept;
[[nodiscard]] bool is_true(std::string_view value) noexcept;

// text for a human: control and non-ASCII bytes as \xNN, cut to limit bytes with "..." behind.
[[nodiscard]] std::string printable(std::string_view text, size_t limit = 80);

}  // namespace ami
