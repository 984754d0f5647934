#pragma once

#include <string>

namespace ami::cli {

enum class Level { kRight, kNote, kRisk, kWrong };

// One thing that ami doctor has found.
struct Finding {
  Level level;
  std::string subject;  // a word: login, tls ...
  std::string text;
  std::string advice;  // what to do; "": nothing
};

// For eyes, and as a line of JSON.
std::string text_of(const Finding& finding, bool coloured);
std::string json_of(const Finding& finding);

}  // namespace ami::cli
