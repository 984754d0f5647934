#pragma once

#include <string>

namespace ami::cli {

// The value of an environment variable; "" if it is not set.
const char* environment(const char* name);

// What the system says of an errno.
std::string reason_of(int error);

}  // namespace ami::cli
