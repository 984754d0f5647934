#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace ami::cli {

// How far a work is: a line on stderr that is written over again and again. Nothing where stderr is no
// terminal.
class Progress {
 public:
  // total: what done will be at the end; 0 if that is not known.
  explicit Progress(uint64_t total);
  ~Progress() { hide(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // No more often than eyes can follow.
  void show(uint64_t done, const std::string& text);
  // Out of the way of other text.
  void hide();
  // As it was at the end, to stay.
  void finish(uint64_t done, const std::string& text);

 private:
  uint64_t total_;
  bool is_terminal_;
  bool is_shown_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace ami::cli
