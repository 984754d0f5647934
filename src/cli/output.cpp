#include "cli/output.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "cli/failure.h"
#include "cli/system.h"

namespace ami::cli {
namespace {

bool wants_colour() {
  std::string_view terminal = environment("TERM");
  return *environment("NO_COLOR") == '\0' && !terminal.empty() && terminal != "dumb";
}

// Waits until fd takes text (or has failed, which writing will tell); false when a signal came first.
bool wait_for_room(int fd, int signal_fd) {
  pollfd watched[] = {{fd, POLLOUT, 0}, {signal_fd, POLLIN, 0}};
  while (poll(watched, 2, -1) < 0) {
    if (errno != EINTR) return true;
  }
  return watched[0].revents != 0;
}

}  // namespace

Output::Output(const Signals& signals)
    : signals_(signals),
      is_terminal_(isatty(STDOUT_FILENO) == 1),
      is_coloured_(is_terminal_ && wants_colour()) {}

int Output::fd() const {
  return STDOUT_FILENO;
}

bool Output::write(std::string_view text) {
  while (!text.empty()) {
    if (!wait_for_room(fd(), signals_.fd())) return false;
    // A pipe that has room takes PIPE_BUF bytes without blocking, so a signal is never kept waiting.
    ssize_t written = ::write(fd(), text.data(), std::min<size_t>(text.size(), PIPE_BUF));
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EPIPE) {
      return false;
    } else if (errno != EINTR && errno != EAGAIN) {
      throw Failure(kNoOutput,
                    "stdout cannot be written (" + reason_of(errno) + "): look at where it is redirected to");
    }
  }
  return true;
}

}  // namespace ami::cli
