#pragma once

#include <memory>
#include <vector>

#include "cli/line.h"
#include "cli/view.h"

namespace ami::cli {

// The whole terminal, from its making to its end, when all is as it was before.
class Screen {
 public:
  // Throws Failure when the terminal is of a kind that cannot be drawn on.
  explicit Screen(bool is_coloured);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  [[nodiscard]] size_t width() const;
  [[nodiscard]] size_t height() const;
  void draw(const std::vector<Line>& lines);
  // The next key; Key::kNone when none has been pressed. Never waits.
  Press key();

 private:
  struct Terminal;
  std::unique_ptr<Terminal> terminal_;
};

}  // namespace ami::cli
