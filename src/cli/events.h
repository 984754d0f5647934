#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/connection.h"
#include "cli/output.h"
#include "cli/printer.h"

namespace ami::cli {

struct EventsArguments {
  ServerArguments server;         // of all, but for what there are several of
  std::vector<std::string> urls;  // several servers: one stream, each message with its label
  std::vector<std::string> profiles;
  Layout layout;
  std::vector<std::string> globs;       // none: all
  std::vector<std::string> not_globs;   // of names that are left out
  std::vector<std::string> conditions;  // Key=glob
  bool since_ready = false;             // nothing before the first login is complete
  int64_t count = 0;                    // 0: no limit
  double seconds = 0;                   // 0: no limit
};

// Prints events until a signal, a limit, or the end of whoever reads. Returns the exit code. Throws Failure.
int run_events(const EventsArguments& arguments, const Signals& signals, Output& output);

}  // namespace ami::cli
