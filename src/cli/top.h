#pragma once

#include "cli/connection.h"
#include "cli/output.h"

namespace ami::cli {

struct TopArguments {
  ServerArguments server;
};

// Shows calls and queues on the whole terminal until a key or a signal ends it. Returns the exit code. Throws
// Failure.
int run_top(const TopArguments& arguments, const Signals& signals, Output& output);

}  // namespace ami::cli
