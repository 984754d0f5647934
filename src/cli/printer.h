#pragma once

#include <optional>
#include <string>

#include "ami/ami.h"
#include "cli/key.h"
#include "cli/output.h"
#include "cli/pattern.h"

namespace ami::cli {

enum class Format {
  kAutomatic,  // text on a terminal, JSON elsewhere
  kJson,
  kText,
  kRaw,  // as it came on the wire
  kCsv,
  kPattern
};

// How messages are shown.
struct Layout {
  Format format = Format::kAutomatic;
  std::string pattern;  // of kPattern
  Keys keys;            // these headers alone; none: all. The columns of kCsv
};

// json, text, raw, csv, or a pattern, which holds a %. Throws Failure.
Layout parse_layout(const std::string& text);

// Turns messages into what the user asked to see.
class Printer {
 public:
  Printer(Format format, const Output& output) : Printer(Layout{format, {}, {}}, output) {}
  // Throws Failure.
  Printer(Layout layout, const Output& output);

  // What comes before the first message; "" but in CSV.
  [[nodiscard]] std::string head() const;
  [[nodiscard]] std::string message(const ami_msg_t* message) const;
  // line: of the input, from which the action came; 0: from elsewhere.
  [[nodiscard]] std::string reply(const char* action, const ami_reply_t* reply, size_t line = 0) const;
  // The text of a Command as Asterisk's console would show it. On a terminal its control characters are made
  // visible.
  [[nodiscard]] std::string output(const ami_msg_t* response) const;

 private:
  Layout layout_;
  std::optional<Pattern> pattern_;
  bool is_terminal_;
  bool is_coloured_;
};

}  // namespace ami::cli
