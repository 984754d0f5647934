#pragma once

#include <string_view>

// One message as it lies in the read buffer, found but not taken apart: what routing needs and no more.
// Valid only during the call that hands it out.
namespace ami {

struct Frame {
  std::string_view bytes;  // the whole message with its final blank line
  std::string_view name;   // wire value of the first Event or Response header; "" if it has neither
  int kind = 0;            // AMI_MSG_EVENT or AMI_MSG_RESPONSE by which of the two comes first; 0 for neither
  std::string_view raw;    // the CLI text of an old Command (Response: Follows); else empty with null data

  // The first value of a header (case-blind), found by walking the lines; null data if there is none.
  [[nodiscard]] std::string_view get(std::string_view key) const noexcept;
};

}  // namespace ami
