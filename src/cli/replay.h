#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/printer.h"

namespace ami::cli {

struct ReplayArguments {
  std::string path;  // -: stdin
  Layout layout;
  std::vector<std::string> globs;       // none: all
  std::vector<std::string> not_globs;   // of names that are left out
  std::vector<std::string> conditions;  // Key=glob
  int64_t count = 0;                    // 0: no limit
  bool all = false;                     // answers and list items too
};

// Prints a recording as run_events() would have printed the session. Returns the exit code. Throws Failure.
int run_replay(const ReplayArguments& arguments, const Signals& signals, Output& output);

}  // namespace ami::cli
