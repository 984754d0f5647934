#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>

namespace ami::cli {
namespace {

constexpr std::chrono::milliseconds kPause(50);
constexpr uint64_t kWidth = 30;

void write_line(const std::string& text) {
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

std::string bar(uint64_t done, uint64_t total) {
  done = std::min(done, total);
  const uint64_t filled = done * kWidth / total;
  return '[' + std::string(filled, '#') + std::string(kWidth - filled, '-') + "] " +
         std::to_string(done * 100 / total) + " %  ";
}

}  // namespace

Progress::Progress(uint64_t total) : total_(total), is_terminal_(isatty(STDERR_FILENO) == 1) {}

void Progress::show(uint64_t done, const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!is_terminal_ || (is_shown_ && now - last_ < kPause)) return;
  write_line("\r\x1b[K" + (total_ == 0 ? "" : bar(done, total_)) + text);
  last_ = now;
  is_shown_ = true;
}

void Progress::hide() {
  if (is_shown_) write_line("\r\x1b[K");
  is_shown_ = false;
}

void Progress::finish(uint64_t done, const std::string& text) {
  hide();
  show(done, text);
  if (is_shown_) write_line("\n");
  is_shown_ = false;
}

}  // namespace ami::cli
