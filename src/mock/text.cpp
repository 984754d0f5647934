#include "text.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ctime>

namespace ami::mock {

namespace {
char lower_char(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
}  // namespace

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower_char(x) == lower_char(y); });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower_char);
  return out;
}

std::string_view trim(std::string_view text) {
  const char* blanks = " \t\r\n";
  size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  size_t begin = 0;
  for (;;) {
    size_t end = text.find(at, begin);
    if (end == std::string_view::npos) break;
    out.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  out.emplace_back(text.substr(begin));
  return out;
}

std::string_view take_until(std::string_view& text, char at) {
  size_t end = text.find(at);
  std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return part;
}

bool to_number(std::string_view text, int64_t& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

bool is_true(std::string_view text) {
  for (const char* word : {"yes", "true", "y", "t", "1", "on"}) {
    if (same_word(text, word)) return true;
  }
  return false;
}

std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  return out;
}

std::string hex(const unsigned char* bytes, size_t count) {
  static const char digits[] = "0123456789abcdef";
  std::string out;
  for (size_t i = 0; i < count; ++i) {
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
  return out;
}

std::string hex(uint64_t number, size_t digits) {
  std::string out;
  for (size_t i = digits; i-- > 0;) out += "0123456789abcdef"[(number >> (4 * i)) & 15];
  return out;
}

std::string decimal(int64_t number, size_t digits) {
  std::string out = std::to_string(number);
  return std::string(digits > out.size() ? digits - out.size() : 0, '0') + out;
}

std::string padded(std::string_view text, size_t width) {
  std::string out(text);
  if (out.size() < width) out.append(width - out.size(), ' ');
  return out;
}

std::string utc(int64_t when, const char* format) {
  auto seconds = static_cast<std::time_t>(when);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &parts)};
}

int64_t now_us() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

std::string expand(std::string_view text, const Resolver& value) {
  std::string out;
  out.reserve(text.size() * 2);
  for (;;) {
    size_t open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos) return out;
    text.remove_prefix(open + 1);
    if (!text.empty() && text.front() == '{') {
      out += '{';
      text.remove_prefix(1);
      continue;
    }
    size_t close = text.find('}');
    if (close == std::string_view::npos) return out;
    value(text.substr(0, close), out);
    text.remove_prefix(close + 1);
  }
}

std::vector<std::string> blocks(std::string_view text) {
  std::vector<std::string> out;
  std::string block;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    if (!line.empty()) {
      block.append(line).append("\r\n");
    } else if (!block.empty()) {
      out.push_back(block + "\r\n");
      block.clear();
    }
  }
  if (!block.empty()) out.push_back(block + "\r\n");
  return out;
}

std::string_view header(std::string_view block, std::string_view key) {
  while (!block.empty()) {
    std::string_view line = take_until(block, '\n');
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    size_t colon = line.find(':');
    if (colon == std::string_view::npos || !same_word(line.substr(0, colon), key)) continue;
    line.remove_prefix(colon + 1);
    if (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    return line;
  }
  return {};
}

}  // namespace ami::mock
