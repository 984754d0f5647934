#pragma once

#include "protocol/message.h"

namespace ami {

// The message that bytes are, which came off no wire; null when they are not exactly one with its final blank
// line, or when out of memory. Kind 0: what the bytes say.
[[nodiscard]] MessagePtr lone_message(std::string_view bytes, const Stamp& stamp) noexcept;

}  // namespace ami
