#include "recording/entry.h"

#include <cstdio>

namespace ami::recording {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

}  // namespace

std::string text_of(const Entry& entry) {
  char numbers[96];
  static_cast<void>(std::snprintf(
      numbers, sizeof numbers, " %llu %llu.%09llu %zu\n", static_cast<unsigned long long>(entry.seq),
      static_cast<unsigned long long>(entry.time_ns / kSecond),
      static_cast<unsigned long long>(entry.time_ns % kSecond), entry.bytes.size()));
  return entry.kind + numbers + entry.bytes + '\n';
}

std::string_view header_of(const Entry& entry, std::string_view key) {
  std::string_view rest = entry.bytes;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    if (line.starts_with(key) && line.substr(key.size()).starts_with(": "))
      return line.substr(key.size() + 2);
    if (line.size() == rest.size()) break;
    rest.remove_prefix(line.size() + 2);
  }
  return {};
}

}  // namespace ami::recording
