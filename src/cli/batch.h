#pragma once

#include "cli/send.h"

namespace ami::cli {

// Sends the actions that stdin holds, a line of JSON each, some at a time, and prints each reply as it comes;
// with dry_run prints what would be sent. A line that cannot be sent is told of, and the others go on.
// Returns the greatest of the exit codes that its lines would have alone. Throws Failure.
int run_batch(const SendArguments& arguments, const Signals& signals, Output& output);

}  // namespace ami::cli
