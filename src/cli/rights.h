#pragma once

#include <string>

namespace ami::cli {

// The lines of manager.conf for an account that is to be used for this, with the least rights. Throws Failure
// for a use that is not known.
std::string account_lines(const std::string& use, const std::string& user);

}  // namespace ami::cli
