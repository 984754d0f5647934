#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// One run of the parser over a stream, and what it said as text that can be compared.
namespace fuzz {

struct ParserOptions {
  size_t message_max, line_max, greeting_max;
  int encoding;
};

struct Parsed {
  int err = 0;
  std::string said;
  std::vector<std::string> pieces;  // the greeting's line, skipped bytes and messages, in order
  std::string tail;
};

// How many bytes the next call feeds; 0 is all that is left.
using NextSize = size_t (*)(void* user);

Parsed parse(std::string_view bytes, const ParserOptions& options, NextSize next_size, void* user);

}  // namespace fuzz
