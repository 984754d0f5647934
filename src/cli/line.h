#pragma once

#include <string>
#include <vector>

namespace ami::cli {

enum class Style { kPlain, kBold, kDim, kGood, kWarning, kAlarm, kHeading, kSorted, kSelected, kKey };

// A piece of a line of the screen: UTF-8 that commands no terminal.
struct Span {
  std::string text;
  Style style = Style::kPlain;
};

using Line = std::vector<Span>;

}  // namespace ami::cli
