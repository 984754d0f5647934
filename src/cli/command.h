#pragma once

#include <string>
#include <vector>

#include "cli/connection.h"
#include "cli/output.h"
#include "cli/printer.h"

namespace ami::cli {

struct CommandArguments {
  ServerArguments server;
  Format format = Format::kAutomatic;  // which is the plain text, on a terminal or not
  std::vector<std::string> words;      // of Asterisk's own command line
  int timeout_ms = -1;                 // -1: as the option action.timeout_ms says
};

// Runs one command of Asterisk's command line and prints its text. Returns the exit code. Throws Failure.
int run_command(const CommandArguments& arguments, const Signals& signals, Output& output);

}  // namespace ami::cli
