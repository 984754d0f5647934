#pragma once

#include <string>
#include <vector>

#include "ami/ami.h"
#include "cli/key.h"

namespace ami::cli {

// One line of CSV (RFC 4180) with CRLF.
std::string csv_row(const std::vector<std::string>& cells);

// The first line, and one for each message: time, label, name, and the first value of each of these headers.
std::string csv_head(const Keys& keys);
std::string csv_line(const ami_msg_t* message, const Keys& keys);

}  // namespace ami::cli
