#pragma once

#include <cstddef>
#include <string_view>

// One message as it lies in the read buffer, found but not taken apart: what routing needs and no more.
// Valid only during the call that hands it out.
namespace ami {

struct Frame {
  std::string_view bytes;  // the whole message with its final blank line
  std::string_view name;   // wire value of the first Event or Response header; "" if it has neither
  int kind = 0;            // AMI_MSG_EVENT or AMI_MSG_RESPONSE by which of the two comes first; 0 for neither
  size_t line_feeds = 0;   // before the CLI text or the final blank line; those that end no line may count
  std::string_view raw;    // the CLI text of an old Command (Response: Follows); else empty with null data

  // The first value of a header (case-blind), found by walking the lines; null data if there is none.
  [[nodiscard]] std::string_view get(std::string_view key) const noexcept;
  // What comes before the CLI text or the final blank line: whole header lines.
  [[nodiscard]] std::string_view headers() const noexcept;
};

// Tells what block is, which ends with its blank line, and points frame at it (but for raw). Returns how many
// bytes at its beginning are rubbish left by a hole in the stream and no part of the message.
[[nodiscard]] size_t classify(std::string_view block, Frame& frame) noexcept;

// One line, without its CRLF, taken apart.
struct Header {
  std::string_view key;    // "" when the line has none: then value is the whole line
  std::string_view value;  // without one leading blank and one trailing LF
};
[[nodiscard]] Header split_line(std::string_view line) noexcept;

}  // namespace ami
