#pragma once

#include <string>
#include <vector>

#include "cli/connection.h"
#include "cli/output.h"
#include "cli/printer.h"

namespace ami::cli {

struct SendArguments {
  ServerArguments server;
  Format format = Format::kAutomatic;
  std::string action;
  std::vector<std::string> fields;  // Key=Value
  std::string until;                // "": the response, or the end of its list, ends the action
  bool force = false;               // whether or not it is known
  int timeout_ms = -1;              // -1: as the option action.timeout_ms says
};

// Sends one action and prints its reply. Returns the exit code. Throws Failure.
int run_send(const SendArguments& arguments, const Signals& signals, Output& output);

}  // namespace ami::cli
