#pragma once

namespace ami::cli {

// From its making on, SIGINT, SIGTERM and SIGHUP are noted instead of ending the program; a second one of the
// same kind ends it at once. SIGPIPE and SIGXFSZ are ignored: writing says EPIPE or EFBIG. Made once, for the
// life of the program.
class Signals {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Readable from the first signal on; never to be read.
  [[nodiscard]] int fd() const;
  // As of a shell: 128 + the first signal; 0 before one came.
  [[nodiscard]] int exit_code() const;
  // Ctrl-C (SIGINT) has been obeyed, and is as if it had never come. False when another signal was the first.
  static bool forget_interrupt();
};

}  // namespace ami::cli
