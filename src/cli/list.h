#pragma once

#include <string>
#include <vector>

#include "cli/connection.h"
#include "cli/output.h"
#include "cli/printer.h"

namespace ami::cli {

struct ListArguments {
  ServerArguments server;
  Layout layout;  // kAutomatic and kText: an aligned table
  std::string action;
  std::vector<std::string> fields;  // Key=Value
  int timeout_ms = -1;              // -1: as the option action.timeout_ms says
};

// The items of an answer as the layout says, or the response if it has none.
std::string list_text(const ami_reply_t* reply, const Layout& layout, const Output& output);

// Sends an action and prints the items of its answer as a table: a row each; of an answer without items its
// own headers. Returns the exit code. Throws Failure.
int run_list(const ListArguments& arguments, const Signals& signals, Output& output);

}  // namespace ami::cli
