#pragma once

#include <string>

#include "ami/ami.h"
#include "cli/output.h"

namespace ami::cli {

enum class Format {
  kAutomatic,  // text on a terminal, JSON elsewhere
  kJson,
  kText,
  kRaw  // as it came on the wire
};

// Turns messages into what the user asked to see.
class Printer {
 public:
  Printer(Format format, const Output& output);

  [[nodiscard]] std::string message(const ami_msg_t* message) const;
  [[nodiscard]] std::string reply(const char* action, const ami_reply_t* reply) const;
  // The text of a Command as Asterisk's console would show it. On a terminal its control characters are made
  // visible.
  [[nodiscard]] std::string output(const ami_msg_t* response) const;

 private:
  Format format_;
  bool is_terminal_;
  bool is_coloured_;
};

}  // namespace ami::cli
