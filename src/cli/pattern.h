#pragma once

#include <string>
#include <vector>

#include "ami/ami.h"

namespace ami::cli {

// A line for each message by a pattern such as "%t %{Channel}":
//   %t time (UTC), %n name, %k kind, %s place in the order, %l label, %{Key} first value of a header, %%
//   percent
class Pattern {
 public:
  // Throws Failure for what is no pattern.
  explicit Pattern(const std::string& text);

  // With a line end. visible: control characters as escapes, for a terminal.
  [[nodiscard]] std::string line(const ami_msg_t* message, bool visible) const;

  static constexpr const char* kHelp =
      "%t time, %n name, %k kind, %s number, %l label, %{Key} header, %% percent";

 private:
  struct Part {
    char kind;         // of %t ...; '{' a header, '"' the text itself
    std::string text;  // of a header its key
  };

  std::vector<Part> parts_;
};

}  // namespace ami::cli
