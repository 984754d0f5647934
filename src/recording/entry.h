#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ami::recording {

// One entry of a recording; the kinds and what bytes holds are told in docs/record.md.
struct Entry {
  std::string kind;
  uint64_t seq = 0;
  uint64_t time_ns = 0;  // unix
  std::string bytes;
};

inline constexpr std::string_view kFileHead = "ami-recording 1\n";

// As it stands in a file.
std::string text_of(const Entry& entry);

// The first value of a header in an entry's bytes; "" when there is none.
std::string_view header_of(const Entry& entry, std::string_view key);

}  // namespace ami::recording
