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
  std::string action = "-";         // which is those of stdin
  std::vector<std::string> fields;  // Key=Value
  std::string until;                // "": the response, or the end of its list, ends the action
  bool force = false;               // whether or not it is known
  int timeout_ms = -1;              // -1: as the option action.timeout_ms says
  bool dry_run = false;             // print the bytes instead
  size_t jobs = 8;                  // of those of stdin so many at a time
};

// The action, made and checked. others: actions that the server is known to have. Throws Failure.
ActionHandle action_of(const SendArguments& arguments, const Keys& others = {});
// The server that hears of it, idle. Throws Failure.
Connection connection_for(const SendArguments& arguments, const Signals& signals);

// Sends one action, or those of stdin, and prints each reply. Returns the exit code. Throws Failure.
int run_send(const SendArguments& arguments, const Signals& signals, Output& output);

}  // namespace ami::cli
