#pragma once

#include <histedit.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/candidates.h"
#include "cli/handle.h"
#include "cli/history.h"
#include "cli/output.h"

namespace ami::cli {

// Lines typed at the terminal, which can be edited, called back and completed, while other text appears
// above.
class Editor {
 public:
  struct Callbacks {
    std::function<std::string()> prompt;
    std::function<bool()> wait;  // until stdin can be read; false: nothing more is to be
    std::function<Candidates(const std::string& before)> complete;
  };

  Editor(Callbacks callbacks, Output& output);
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  // The next one; none at the end.
  std::optional<std::string> line();
  // Whole lines of text, above the one that is being edited. The prompt is asked for anew.
  void show(const std::string& text);

 private:
  static Editor& of(EditLine* handle);
  static char* prompt(EditLine* handle);
  static int read_character(EditLine* handle, wchar_t* character);
  static unsigned char complete(EditLine* handle, int key);
  static unsigned char abandon(EditLine* handle, int key);
  static unsigned char suspend(EditLine* handle, int key);

  void bind();
  int wait_and_read(wchar_t* character);
  [[nodiscard]] std::string before_cursor() const;
  void insert(const Candidates& candidates);
  void list(const Keys& words);
  [[nodiscard]] size_t width() const;

  Callbacks callbacks_;
  Output& output_;
  TypedLines history_;
  std::unique_ptr<EditLine, Ender<el_end>> handle_;
  std::string prompt_;
  bool is_editing_ = false;
};

}  // namespace ami::cli
