#pragma once

#include <string>

#include "cli/connection.h"
#include "cli/output.h"

namespace ami::cli {

struct RecordArguments {
  ServerArguments server;
  std::string path;    // -: stdout
  std::string rotate;  // "": never; see parse_rotation()
  int64_t count = 0;   // of events; 0: no limit
  double seconds = 0;  // 0: no limit
};

// Writes a session to a file, as docs/record.md has it, until a signal or a limit. Returns the exit code.
// Throws Failure.
int run_record(const RecordArguments& arguments, const Signals& signals, Output& output);

}  // namespace ami::cli
