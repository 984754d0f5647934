#pragma once

#include <cstdint>

#include "cli/connection.h"
#include "cli/output.h"

namespace ami::cli {

struct PingArguments {
  ServerArguments server;
  int64_t count = 0;       // 0: until a signal
  double seconds = 1;      // from one to the next
  int timeout_ms = 10000;  // of each
};

// Sends Ping after Ping, prints the round trip of each and, at the end, what they come to. Returns the exit
// code: kTimeOut when none was answered. Throws Failure.
int run_ping(const PingArguments& arguments, const Signals& signals, Output& output);

}  // namespace ami::cli
