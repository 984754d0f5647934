#pragma once

#include <string>
#include <vector>

#include "cli/connection.h"
#include "cli/output.h"
#include "cli/printer.h"

namespace ami::cli {

struct ShellArguments {
  ServerArguments server;
  Format format = Format::kAutomatic;
  std::vector<std::string> filter;  // as of \f; none: at a terminal all events, else none
};

// Sends what is typed, or what stdin holds when it is no terminal, and shows answers and events. Returns the
// exit code: at a terminal that of the connection, else the greatest of what was sent. Throws Failure.
int run_shell(const ShellArguments& arguments, const Signals& signals, Output& output);

}  // namespace ami::cli
