// Small text tools of the mock: comparing, splitting, numbers, line ends and templates.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ami::mock {

bool same_word(std::string_view a, std::string_view b);  // case-blind, ASCII
std::string lower(std::string_view text);
std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char at);
// Splits off the part before `at`; `text` keeps the rest (empty when `at` is not there).
std::string_view take_until(std::string_view& text, char at);
// False unless all of the text is a decimal number.
bool to_number(std::string_view text, int64_t& out);
bool is_true(std::string_view text);
// Bare LF becomes CRLF; used on templates only, never on values.
std::string with_crlf(std::string_view text);
std::string hex(const unsigned char* bytes, size_t count);
std::string hex(uint64_t number, size_t digits);          // with leading zeros
std::string decimal(int64_t number, size_t digits);       // with leading zeros
std::string padded(std::string_view text, size_t width);  // with blanks behind
std::string utc(int64_t when, const char* format);        // as strftime does
int64_t now_us();                                         // since 1970

// Replaces each {name} of a template by what `value` appends for it. "{{" stands for a brace.
using Resolver = std::function<void(std::string_view name, std::string& out)>;
std::string expand(std::string_view text, const Resolver& value);

// Blocks of lines divided by blank lines, in CRLF, each with its closing blank line.
std::vector<std::string> blocks(std::string_view text);
// The value of the first line with this key in wire text, or nothing.
std::string_view header(std::string_view block, std::string_view key);

}  // namespace ami::mock
