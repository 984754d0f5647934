#pragma once

#include <string_view>

#include "cli/signals.h"

namespace ami::cli {

// stdout. What is written is handed to the kernel before write() returns, so that every line reaches a pipe
// at once.
class Output {
 public:
  explicit Output(const Signals& signals);

  // False when nobody reads any more, or when a signal came while a slow reader held us up: time to end
  // quietly. Throws Failure when the text cannot be written for another reason.
  bool write(std::string_view text);

  [[nodiscard]] int fd() const;
  [[nodiscard]] bool is_terminal() const { return is_terminal_; }
  // On a terminal that knows colours, unless NO_COLOR is set (no-color.org).
  [[nodiscard]] bool is_coloured() const { return is_coloured_; }

 private:
  const Signals& signals_;
  bool is_terminal_;
  bool is_coloured_;
};

}  // namespace ami::cli
