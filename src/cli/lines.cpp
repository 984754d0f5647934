#include "cli/lines.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "cli/failure.h"
#include "cli/system.h"

namespace ami::cli {
namespace {

// An action has at most 128 lines of 1022 bytes, and JSON needs six characters for some of them.
constexpr size_t kLongest = 1U << 20U;

}  // namespace

int Lines::fd() const {
  return ended_ ? -1 : STDIN_FILENO;
}

void Lines::read() {
  std::array<char, 65536> piece;
  const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got < 0)
    throw Failure(kUsage, "stdin cannot be read (" + reason_of(errno) + "): look at where it comes from");
  ended_ = got == 0;
  text_.append(piece.data(), static_cast<size_t>(got));
  if (text_.size() > kLongest && text_.find('\n') > kLongest)
    throw Failure(kUsage, "line " + std::to_string(number_ + 1) +
                              " is longer than any action (1 MiB): is each on a line of its own?");
}

bool Lines::next(std::string& line) {
  const size_t end = text_.find('\n');
  if (end == std::string::npos && (!ended_ || text_.empty())) return false;
  line = text_.substr(0, end);
  text_.erase(0, end == std::string::npos ? end : end + 1);
  bytes_ += line.size() + 1;
  if (line.ends_with('\r')) line.pop_back();
  ++number_;
  return true;
}

uint64_t size_of_input() {
  struct stat status = {};
  const bool known = fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode);
  return known ? static_cast<uint64_t>(status.st_size) : 0;
}

}  // namespace ami::cli
