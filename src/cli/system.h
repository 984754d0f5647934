#pragma once

#include <string>

namespace ami::cli {

// The value of an environment variable; "" if it is not set.
const char* environment(const char* name);

// A folder of the user's, by the XDG Base Directory Specification: what the variable says, or else fallback
// in HOME;
// "" without a HOME.
std::string user_folder(const char* variable, const char* fallback);

// What the system says of an errno.
std::string reason_of(int error);

}  // namespace ami::cli
