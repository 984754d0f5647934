#include "cli/editor.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <cwchar>
#include <new>
#include <utility>

#include "cli/utf8.h"

namespace ami::cli {
namespace {

// What all of them begin with, whatever the case.
std::string common_start(const Keys& texts) {
  std::string start = texts.front();
  for (const std::string& text : texts) {
    size_t same = 0;
    while (same < std::min(start.size(), text.size()) &&
           is_same_key(start.substr(0, same + 1), text.substr(0, same + 1)))
      ++same;
    start.resize(same);
  }
  return start;
}

}  // namespace

Editor::Editor(Callbacks callbacks, Output& output) : callbacks_(std::move(callbacks)), output_(output) {
  handle_.reset(el_init("ami", stdin, stdout, stderr));
  if (!handle_) throw std::bad_alloc();
  bind();
}

void Editor::bind() {
  EditLine* handle = handle_.get();
  el_set(handle, EL_CLIENTDATA, this);
  el_set(handle, EL_EDITOR, "emacs");
  el_set(handle, EL_SIGNAL, 0);
  el_set(handle, EL_PROMPT, prompt);
  el_set(handle, EL_HIST, history, history_.handle());
  el_set(handle, EL_GETCFN, read_character);
  el_set(handle, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_source(handle, nullptr);  // the user's own ways
  el_set(handle, EL_ADDFN, "ami-complete", "Complete the word", complete);
  el_set(handle, EL_ADDFN, "ami-abandon", "Begin a new line", abandon);
  el_set(handle, EL_ADDFN, "ami-suspend", "Stop the program", suspend);
  el_set(handle, EL_BIND, "^I", "ami-complete", nullptr);
  el_set(handle, EL_BIND, "^C", "ami-abandon", nullptr);
  el_set(handle, EL_BIND, "^Z", "ami-suspend", nullptr);
  // While a line is edited they are keys; while an action is under way Ctrl-C is a signal.
  el_set(handle, EL_SETTY, "-d", "-isig", nullptr);
}

std::optional<std::string> Editor::line() {
  prompt_ = callbacks_.prompt();
  int length = 0;
  is_editing_ = true;
  el_set(handle_.get(), EL_PREP_TERM, 1);  // before the prompt appears: a Ctrl-D typed sooner would be lost
  const char* text = el_gets(handle_.get(), &length);
  is_editing_ = false;
  if (text == nullptr || length <= 0) {
    output_.write("\n");
    return {};
  }
  std::string line(text, static_cast<size_t>(length));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  history_.add(line);
  return line;
}

void Editor::show(const std::string& text) {
  if (!is_editing_) {
    output_.write(text);
    return;
  }
  // The line, which may have more than one row, gives way and is drawn again below.
  const size_t rows = (columns(prompt_) + columns(before_cursor())) / width();
  prompt_ = callbacks_.prompt();
  output_.write((rows == 0 ? "" : "\x1b[" + std::to_string(rows) + "A") + "\r\x1b[J" + text);
  el_resize(handle_.get());
  el_set(handle_.get(), EL_REFRESH);
}

Editor& Editor::of(EditLine* handle) {
  void* self = nullptr;
  el_get(handle, EL_CLIENTDATA, &self);
  return *static_cast<Editor*>(self);
}

char* Editor::prompt(EditLine* handle) {
  return of(handle).prompt_.data();
}

int Editor::read_character(EditLine* handle, wchar_t* character) {
  try {
    return of(handle).wait_and_read(character);
  } catch (...) {  // there is C between here and line()
    return -1;
  }
}

int Editor::wait_and_read(wchar_t* character) {
  std::mbstate_t state = {};
  while (callbacks_.wait()) {
    char byte = '\0';
    const ssize_t got = read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return static_cast<int>(got);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the state is our own
    const size_t length = std::mbrtowc(character, &byte, 1, &state);
    if (length <= 1) return 1;
    if (length == static_cast<size_t>(-1)) state = {};  // no character: what is next begins anew
  }
  return 0;
}

unsigned char Editor::complete(EditLine* handle, int /*key*/) {
  try {
    Editor& editor = of(handle);
    const Candidates candidates = editor.callbacks_.complete(editor.before_cursor());
    if (candidates.words.empty()) return CC_REFRESH_BEEP;
    editor.insert(candidates);
    return CC_REFRESH;
  } catch (...) {
    return CC_ERROR;
  }
}

void Editor::insert(const Candidates& candidates) {
  const std::string before = before_cursor();
  const std::string typed = before.substr(before.size() - candidates.typed);
  std::string start = common_start(candidates.words);
  if (candidates.words.size() == 1 && !start.ends_with('=')) start += ' ';
  if (start.size() == typed.size()) list(candidates.words);
  if (candidates.typed > 0) el_deletestr(handle_.get(), static_cast<int>(columns(typed)));
  if (!start.empty()) el_insertstr(handle_.get(), start.c_str());
}

void Editor::list(const Keys& words) {
  size_t longest = 0;
  for (const std::string& each : words) longest = std::max(longest, each.size() + 2);
  const size_t in_row = std::max<size_t>(1, width() / longest);
  std::string text;
  for (size_t i = 0; i < words.size(); i++) {
    text += words[i];
    const bool ends_row = (i + 1) % in_row == 0 || i + 1 == words.size();
    text += ends_row ? "\n" : std::string(longest - words[i].size(), ' ');
  }
  show(text);
}

unsigned char Editor::abandon(EditLine* handle, int /*key*/) {
  const LineInfo* line = el_line(handle);
  const auto length =
      static_cast<int>(columns({line->buffer, static_cast<size_t>(line->lastchar - line->buffer)}));
  el_cursor(handle, length);
  el_deletestr(handle, length);
  return CC_REFRESH;
}

unsigned char Editor::suspend(EditLine* handle, int /*key*/) {
  el_set(handle, EL_PREP_TERM, 0);
  static_cast<void>(std::raise(SIGTSTP));
  el_set(handle, EL_PREP_TERM, 1);
  el_set(handle, EL_REFRESH);
  return CC_REFRESH;
}

std::string Editor::before_cursor() const {
  const LineInfo* line = el_line(handle_.get());
  return {line->buffer, line->cursor};
}

size_t Editor::width() const {
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace ami::cli
