#include "cli/screen.h"

#include <algorithm>
#include <array>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cwchar>

#include "cli/failure.h"
#include "cli/system.h"
#include "cli/utf8.h"

// Behind all others, for it has macros of common words.
#define NCURSES_NOMACROS
#define NCURSES_WIDECHAR 1
#include <ncurses.h>
#include <term.h>
#undef columns
#undef lines

namespace ami::cli {
namespace {

enum Pair : short { kGreen = 1, kYellow, kRed, kOnGreen, kOnCyan };

// What ncurses calls them.
attr_t attributes_of(Style style, bool is_coloured) {
  const auto pair = [is_coloured](short number) {
    return is_coloured ? static_cast<attr_t>(COLOR_PAIR(number)) : A_NORMAL;
  };
  switch (style) {
    case Style::kBold:
      return A_BOLD;
    case Style::kDim:
      return A_DIM;
    case Style::kGood:
      return pair(kGreen);
    case Style::kWarning:
      return pair(kYellow) | A_BOLD;
    case Style::kAlarm:
      return pair(kRed) | A_BOLD;
    case Style::kHeading:
      return is_coloured ? pair(kOnGreen) : A_UNDERLINE;
    case Style::kSorted:
      return is_coloured ? pair(kOnGreen) | A_BOLD : A_UNDERLINE | A_BOLD;
    case Style::kSelected:
    case Style::kKey:
      return is_coloured ? pair(kOnCyan) : A_REVERSE;
    default:
      return A_NORMAL;
  }
}

void prepare_colours() {
  start_color();
  use_default_colors();
  constexpr short kOwn = -1;  // the terminal's own
  init_pair(kGreen, COLOR_GREEN, kOwn);
  init_pair(kYellow, COLOR_YELLOW, kOwn);
  init_pair(kRed, COLOR_RED, kOwn);
  init_pair(kOnGreen, COLOR_BLACK, COLOR_GREEN);
  init_pair(kOnCyan, COLOR_BLACK, COLOR_CYAN);
}

// For a locale of which the C library knows no characters but these.
std::string ascii(const std::string& text) {
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t length = std::max<size_t>(sequence_length(rest), 1);
    out += length == 1 ? std::string(rest.substr(0, 1)) : std::string(columns(rest.substr(0, length)), '?');
    rest.remove_prefix(length);
  }
  return out;
}

Press press_of_code(wint_t code) {
  switch (code) {
    case KEY_UP:
      return {Key::kUp, "", 0};
    case KEY_DOWN:
      return {Key::kDown, "", 0};
    case KEY_PPAGE:
      return {Key::kPageUp, "", 0};
    case KEY_NPAGE:
      return {Key::kPageDown, "", 0};
    case KEY_HOME:
      return {Key::kHome, "", 0};
    case KEY_END:
      return {Key::kEnd, "", 0};
    case KEY_ENTER:
      return {Key::kEnter, "", 0};
    case KEY_BACKSPACE:
      return {Key::kErase, "", 0};
    default:
      if (code > KEY_F0 && code <= KEY_F0 + 12) return {Key::kFunction, "", static_cast<int>(code - KEY_F0)};
      return {};
  }
}

Press press_of_character(wint_t character) {
  constexpr wint_t kEscape = 27;
  constexpr wint_t kDelete = 127;
  if (character == '\t') return {Key::kTab, "", 0};
  if (character == '\r' || character == '\n') return {Key::kEnter, "", 0};
  if (character == kEscape) return {Key::kEscape, "", 0};
  if (character == '\b' || character == kDelete) return {Key::kErase, "", 0};
  if (character < ' ') return {};
  std::array<char, MB_LEN_MAX> bytes = {};
  std::mbstate_t state = {};
  // NOLINTNEXTLINE(concurrency-mt-unsafe): it is not, with a state of our own
  const size_t length = std::wcrtomb(bytes.data(), static_cast<wchar_t>(character), &state);
  if (length > bytes.size()) return {};
  return {Key::kText, std::string(bytes.data(), length), 0};
}

// While ncurses writes to the terminal it ignores SIGTSTP. Held back meanwhile, a Ctrl-Z is not lost.
class HeldSuspension {
 public:
  HeldSuspension() {
    sigset_t suspension;
    sigemptyset(&suspension);
    sigaddset(&suspension, SIGTSTP);
    pthread_sigmask(SIG_BLOCK, &suspension, &before_);
  }
  ~HeldSuspension() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSuspension(const HeldSuspension&) = delete;
  HeldSuspension& operator=(const HeldSuspension&) = delete;

 private:
  sigset_t before_;
};

// A terminal that was resized may have forgotten its picture, whereas ncurses, where the size is again the
// one that it knows, draws only what has changed.
volatile std::sig_atomic_t is_resized = 0;
struct sigaction resize_of_ncurses = {};

void note_resize(int signal) {
  is_resized = 1;
  resize_of_ncurses.sa_handler(signal);
}

void watch_resizes() {
  sigaction(SIGWINCH, nullptr, &resize_of_ncurses);
  // Whoever started the program may have chosen to ignore it, and then ncurses does.
  if (resize_of_ncurses.sa_handler == SIG_IGN || resize_of_ncurses.sa_handler == SIG_DFL) return;
  struct sigaction noting = resize_of_ncurses;
  noting.sa_handler = note_resize;
  sigaction(SIGWINCH, &noting, nullptr);
}

}  // namespace

struct Screen::Terminal {
  SCREEN* screen;
  bool is_coloured;
};

Screen::Screen(bool is_coloured) {
  SCREEN* screen = newterm(nullptr, stdout, stdin);
  const char* type = environment("TERM");
  const char* move = screen == nullptr ? nullptr : tigetstr("cup");
  if (move == nullptr) {
    if (screen != nullptr) endwin();
    if (screen != nullptr) delscreen(screen);
    throw Failure(kUsage, std::string("this kind of terminal cannot be drawn on (TERM=") + type +
                              "): set TERM, or use ami list and ami events");
  }
  terminal_ = std::make_unique<Terminal>(Terminal{screen, is_coloured && has_colors()});
  cbreak();
  noecho();
  nonl();
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  set_escdelay(25);
  curs_set(0);
  watch_resizes();
  if (terminal_->is_coloured) prepare_colours();
}

Screen::~Screen() {
  endwin();
  delscreen(terminal_->screen);
}

size_t Screen::width() const {
  return static_cast<size_t>(std::max(getmaxx(stdscr), 0));
}

size_t Screen::height() const {
  return static_cast<size_t>(std::max(getmaxy(stdscr), 0));
}

void Screen::draw(const std::vector<Line>& lines) {
  erase();
  for (size_t y = 0; y < lines.size(); y++) {
    size_t left = width();
    move(static_cast<int>(y), 0);
    for (const Span& span : lines[y]) {
      if (left == 0) break;
      const std::string text = fitted(span.text, std::min(left, columns(span.text)));
      left -= columns(text);
      attrset(static_cast<int>(attributes_of(span.style, terminal_->is_coloured)));
      addstr((MB_CUR_MAX == 1 ? ascii(text) : text).c_str());
    }
  }
  if (is_resized != 0) {
    is_resized = 0;
    clearok(curscr, TRUE);
  }
  wnoutrefresh(stdscr);
  const HeldSuspension held;
  doupdate();
}

Press Screen::key() {
  wint_t code = 0;
  for (int kind = get_wch(&code); kind != ERR; kind = get_wch(&code)) {
    Press press = kind == KEY_CODE_YES ? press_of_code(code) : press_of_character(code);
    if (press.key != Key::kNone) return press;  // the others tell of the terminal, such as of a new size
  }
  return {};
}

}  // namespace ami::cli
