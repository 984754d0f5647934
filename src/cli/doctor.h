#pragma once

#include <string>

#include "cli/connection.h"
#include "cli/output.h"

namespace ami::cli {

struct DoctorArguments {
  ServerArguments server;
  bool json = false;
  double seconds = 3;  // how long events are counted
  std::string use;     // "": no lines for manager.conf are wanted
};

// Looks a server over and says what is right, wrong and risky. Returns the exit code: kUnwell when something
// is wrong. Throws Failure.
int run_doctor(const DoctorArguments& arguments, const Signals& signals, Output& output);

}  // namespace ami::cli
