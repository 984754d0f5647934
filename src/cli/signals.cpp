#include "cli/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace ami::cli {
namespace {

constexpr std::array kEnding = {SIGINT, SIGTERM, SIGHUP};
std::array<int, 2> bell = {-1, -1};
volatile std::sig_atomic_t first_signal = 0;

void note(int signal);

void watch(int signal) {
  struct sigaction noted = {};
  noted.sa_handler = note;
  noted.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(signal, &noted, nullptr);
}

void note(int signal) {
  int saved = errno;
  if (first_signal == 0) first_signal = signal;
  [[maybe_unused]] ssize_t written = write(bell[1], "", 1);
  errno = saved;
}

}  // namespace

Signals::Signals() {
  if (pipe(bell.data()) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  for (int end : bell) fcntl(end, F_SETFD, FD_CLOEXEC);
  for (int refused : {SIGPIPE, SIGXFSZ}) static_cast<void>(std::signal(refused, SIG_IGN));
  for (int signal : kEnding) {
    struct sigaction old = {};
    sigaction(signal, nullptr, &old);
    if (old.sa_handler == SIG_IGN) continue;  // nohup and background jobs have chosen so
    watch(signal);
  }
}

int Signals::fd() const {
  return bell[0];
}
int Signals::exit_code() const {
  return first_signal == 0 ? 0 : 128 + first_signal;
}

bool Signals::forget_interrupt() {
  if (first_signal != SIGINT) return false;
  char rung = '\0';
  if (read(bell[0], &rung, 1) == 1) first_signal = 0;
  watch(SIGINT);
  return true;
}

}  // namespace ami::cli
