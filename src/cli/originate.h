#pragma once

#include <string>
#include <vector>

#include "cli/connection.h"
#include "cli/output.h"
#include "cli/printer.h"

namespace ami::cli {

struct OriginateArguments {
  ServerArguments server;
  Format format = Format::kAutomatic;  // which is the result in words, on a terminal or not
  std::string channel;
  std::string extension, context = "default", priority = "1";
  std::string application, data;
  std::string caller_id;
  std::vector<std::string> variables;  // name=value
  int ring_ms = 30000;                 // how long it may ring
};

// Places a call and waits for what becomes of it. Returns the exit code: kErrorReply when nobody answered it.
// Throws Failure.
int run_originate(const OriginateArguments& arguments, const Signals& signals, Output& output);

}  // namespace ami::cli
