#pragma once

#include <string>

#include "ami/ami.h"

namespace ami::cli {

// The bytes of a message as it came, but that *** stands for what docs/record.md calls a secret. Applying it
// again changes nothing.
std::string without_secrets(const ami_msg_t* message);

}  // namespace ami::cli
