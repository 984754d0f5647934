#pragma once

#include <string>
#include <vector>

#include "cli/board.h"
#include "cli/grid.h"
#include "cli/line.h"

namespace ami::cli {

enum class Key {
  kNone,
  kText,
  kUp,
  kDown,
  kPageUp,
  kPageDown,
  kHome,
  kEnd,
  kTab,
  kEnter,
  kEscape,
  kErase,
  kFunction
};

// A key that was pressed.
struct Press {
  Key key = Key::kNone;
  std::string text;  // of kText, a character; UTF-8
  int function = 0;  // of kFunction, its number
};

// What is seen of a board, and what the keys do to it. Knows no terminal.
class View {
 public:
  // What the program is to do.
  struct Command {
    enum Kind { kNothing, kQuit, kHangUp } kind = kNothing;
    std::string channel;  // of kHangUp, its name
  };

  // where: which server, in words.
  explicit View(std::string where);

  Command press(const Press& press, const Board& board);
  // Shown until the next key is pressed.
  void tell(std::string text) { message_ = std::move(text); }

  // The whole screen, height lines of at most width columns.
  std::vector<Line> lines(const Board& board, size_t width, size_t height, Time now);

 private:
  enum class Mode { kBoard, kHelp, kFilter, kQuestion };

  Command press_on_board(const Press& press, const Board& board);
  Command press_in_question(const Press& press, const Board& board);
  void press_in_filter(const Press& press);
  void move(Key key);
  void ask(const Board& board);
  [[nodiscard]] Grid& focused() { return is_on_queues_ ? queues_ : calls_; }

  // Also brings the tables up to date.
  [[nodiscard]] std::vector<Line> head(const Board& board, size_t width, size_t height, Time now);
  [[nodiscard]] std::vector<Line> grids(const Board& board, size_t width, size_t height);
  [[nodiscard]] Line foot(size_t width) const;

  std::string where_;
  Grid calls_, queues_;
  Mode mode_ = Mode::kBoard;
  bool is_on_queues_ = false;
  bool shows_channels_ = false;
  std::string filter_;
  std::string target_;  // the id of the channel that the question is about
  std::string question_;
  std::string message_;
};

}  // namespace ami::cli
