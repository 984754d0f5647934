#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "cli/handle.h"

namespace ami::cli {

enum ExitCode {
  kSuccess = 0,
  kErrorReply = 1,    // Asterisk said Error
  kUsage = 2,         // the command line, or a value in it
  kNoConnection = 3,  // none, or lost
  kNoLogin = 4,
  kTimeOut = 5,
  kNoOutput = 6,  // stdout, or the file of a recording, cannot be written
  kUnwell = 7     // ami doctor has found something wrong
};

// Why the program ends before its work is done. The text reads "what happened (value): what to do".
class Failure : public std::runtime_error {
 public:
  Failure(int exit_code, const std::string& text) : std::runtime_error(text), exit_code_(exit_code) {}
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

// The exit code that stands for an AMI_E* number (or 0).
int exit_code_of(int err);

// The AMI_E* number of that name; AMI_ELOST for what is none.
int error_number(std::string_view name);

// Of a call on a client that failed with err: its detail, or else the number's own text.
Failure failure_of(const ami_t* client, int err);

// A line on stderr: "ami: text". Characters that could command a terminal are shown as escapes.
void complain(const std::string& text);

}  // namespace ami::cli
