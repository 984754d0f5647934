#include "cli/view.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ami/ami.h"
#include "cli/utf8.h"

namespace ami::cli {
namespace {

constexpr size_t kTimeColumn = 1;
constexpr size_t kLongestColumn = 2;

const std::vector<Grid::Column> kCallColumns = {{"STATE", 8, 9},     {"TIME", 8, 9, true},
                                                {"FROM", 16, 36},    {"TO", 16, 36},
                                                {"CHANNEL", 20, 44}, {"APPLICATION", 20, 60}};
const std::vector<Grid::Column> kQueueColumns = {
    {"QUEUE", 14, 40},      {"WAITING", 8, 8, true}, {"LONGEST", 8, 9, true},
    {"AGENTS", 7, 7, true}, {"FREE", 5, 6, true},    {"BUSY", 5, 6, true},
    {"PAUSED", 7, 7, true}, {"AWAY", 5, 6, true},    {"UNKNOWN", 8, 8, true}};

struct Shortcut {
  int function;
  char letter;
  const char* title;
};
constexpr std::array kShortcuts = {Shortcut{1, '?', "Help"},     Shortcut{4, '/', "Filter"},
                                   Shortcut{5, 'c', "Channels"}, Shortcut{6, 's', "Sort"},
                                   Shortcut{7, 'r', "Reverse"},  Shortcut{9, 'k', "Hang up"},
                                   Shortcut{10, 'q', "Quit"}};

constexpr std::array kHelp = {
    "",
    "  Up Down PgUp PgDn     select a row",
    "  Home End",
    "  Tab                   from the calls to the queues, and back",
    "  F4  /                 filter: rows that hold a text; Esc ends it",
    "  F5  c                 the channels of the calls, or the calls again",
    "  F6  s                 sort by the next column",
    "  F7  r                 reverse the order",
    "  F9  k                 hang up the selected channel; it asks first. Of a",
    "                        call it is the first party's, which ends the call",
    "  F10 q  Ctrl-C         quit",
    "",
    "  Ringing, Talking and Queued are calls; other states are Asterisk's own",
    "  words for the first party's channel. ? is what is not known. A gap is a",
    "  time in which events were missed: all lists are looked up anew after it.",
};

std::string two_digits(Time number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string length_of(Time milliseconds) {
  const Time seconds = std::max<Time>(milliseconds, 0) / 1000;
  const std::string rest = two_digits(seconds % 60);
  if (seconds < 3600) return std::to_string(seconds / 60) + ":" + rest;
  return std::to_string(seconds / 3600) + ":" + two_digits(seconds / 60 % 60) + ":" + rest;
}

Grid::Cell text_cell(const std::string& text, Style style = Style::kPlain) {
  return {visible(text), {}, style};
}

Grid::Cell length_cell(std::optional<Time> since, Time now) {
  if (!since) return {};
  return {length_of(now - *since), now - *since, Style::kPlain};
}

Grid::Cell number_cell(size_t number, Style style = Style::kPlain) {
  return {std::to_string(number), static_cast<int64_t>(number), number == 0 ? Style::kDim : style};
}

Style style_of(const std::string& state) {
  if (state == "Talking") return Style::kGood;
  return state == "Ringing" || state == "Queued" ? Style::kWarning : Style::kPlain;
}

std::string application_of(const Channel& channel) {
  if (channel.application.empty() || channel.data.empty()) return channel.application;
  return channel.application + "(" + channel.data + ")";
}

std::vector<Grid::Row> rows_of(const std::vector<Call>& calls, bool as_channels, Time now) {
  std::vector<Grid::Row> rows;
  const auto add = [&](const Channel& channel, const std::string& state, const std::string& from,
                       const std::string& to) {
    rows.push_back({channel.id,
                    {text_cell(state, style_of(state)), length_cell(channel.born, now), text_cell(from),
                     text_cell(to), text_cell(channel.name), text_cell(application_of(channel))}});
  };
  for (const Call& call : calls) {
    if (!as_channels) {
      add(*call.channels.front(), call.state, call.from, call.to);
      continue;
    }
    for (const Channel* channel : call.channels)
      add(*channel, channel->state, Calls::party(*channel), Calls::peer(*channel));
  }
  return rows;
}

std::vector<Grid::Row> rows_of(const std::vector<Queue>& queues, Time now) {
  std::vector<Grid::Row> rows;
  for (const Queue& queue : queues) {
    Grid::Cell longest = length_cell(queue.longest, now);
    if (queue.waiting == 0) longest = {"-", -1, Style::kDim};
    rows.push_back(
        {queue.name,
         {text_cell(queue.name), number_cell(queue.waiting, Style::kBold), longest, number_cell(queue.agents),
          number_cell(queue.free, Style::kGood), number_cell(queue.busy), number_cell(queue.paused),
          number_cell(queue.away), number_cell(queue.unknown)}});
  }
  return rows;
}

// A second a column, the last one at the right.
std::string sparkline(const std::deque<int64_t>& rates, size_t width) {
  constexpr std::array kBars = {"\u2581", "\u2582", "\u2583", "\u2584",
                                "\u2585", "\u2586", "\u2587", "\u2588"};
  const size_t count = std::min(rates.size(), width);
  const auto begin = rates.end() - static_cast<std::ptrdiff_t>(count);
  const int64_t most = count == 0 ? 1 : std::max<int64_t>(1, *std::max_element(begin, rates.end()));
  std::string text;
  for (auto rate = begin; rate != rates.end(); ++rate)
    text += *rate == 0 ? " " : kBars.at(static_cast<size_t>((*rate * 8 - 1) / most));
  return text;
}

Line link_line(const Board& board, const std::string& where, size_t width, Time now) {
  const std::string title = "ami top  " + where;
  const std::string since = length_of(now - board.link_since());
  const bool is_ready = board.link() == Board::Link::kReady;
  const std::string state = is_ready ? "connected " + since : "NO CONNECTION for " + since;
  const Span end = {state, is_ready ? Style::kGood : Style::kAlarm};
  if (width < state.size() + sizeof "ami top") return {end};
  return {{fitted(title, width - state.size() - 1) + " ", Style::kBold}, end};
}

std::string count_of(const Board& board, Board::Part part, size_t count) {
  return board.is_known(part) ? std::to_string(count) : "?";
}

Line count_line(const Board& board, const std::vector<Call>& calls, const std::vector<Queue>& queues,
                size_t width) {
  const auto& rates = board.rates();
  size_t waiting = 0;
  for (const Queue& queue : queues) waiting += queue.waiting;
  const std::string text = "Calls " + count_of(board, Board::kCalls, calls.size()) + "  channels " +
                           count_of(board, Board::kCalls, board.channels()) + "  waiting " +
                           count_of(board, Board::kQueues, waiting) + "  events " +
                           (rates.empty() ? "?" : std::to_string(rates.back())) + "/s ";
  const size_t taken = columns(text);
  return {{text, Style::kPlain}, {sparkline(rates, width - std::min(width, taken)), Style::kGood}};
}

// What was missed, of what is shown.
Line loss_line(const Board& board) {
  if (board.gaps() == 0 && board.dropped() == 0) return {{"No gaps, no events dropped", Style::kDim}};
  std::string text =
      "Gaps " + std::to_string(board.gaps()) + ", events dropped " + std::to_string(board.dropped());
  if (!board.last_gap().empty()) text += "; last gap " + board.last_gap();
  return {{text, Style::kAlarm}};
}

}  // namespace

View::View(std::string where)
    : where_(std::move(where)),
      calls_(kCallColumns, kTimeColumn, true),
      queues_(kQueueColumns, kLongestColumn, true) {}

View::Command View::press(const Press& press, const Board& board) {
  if (press.key == Key::kNone) return {};
  message_.clear();
  switch (mode_) {
    case Mode::kHelp:
      mode_ = Mode::kBoard;
      return {};
    case Mode::kFilter:
      press_in_filter(press);
      return {};
    case Mode::kQuestion:
      return press_in_question(press, board);
    default:
      return press_on_board(press, board);
  }
}

View::Command View::press_on_board(const Press& press, const Board& board) {
  const auto shortcut = std::find_if(kShortcuts.begin(), kShortcuts.end(), [&press](const Shortcut& known) {
    return press.key == Key::kFunction ? known.function == press.function
                                       : press.text == std::string(1, known.letter);
  });
  switch (shortcut == kShortcuts.end() ? '\0' : shortcut->letter) {
    case '?':
      mode_ = Mode::kHelp;
      break;
    case '/':
      mode_ = Mode::kFilter;
      break;
    case 'c':
      shows_channels_ = !shows_channels_;
      break;
    case 's':
      focused().order_by_next();
      break;
    case 'r':
      focused().reverse();
      break;
    case 'k':
      ask(board);
      break;
    case 'q':
      return {Command::kQuit, ""};
    default:
      move(press.key);
  }
  return {};
}

void View::move(Key key) {
  constexpr int64_t kAll = INT32_MAX;
  if (key == Key::kUp) focused().select(-1);
  if (key == Key::kDown) focused().select(1);
  if (key == Key::kPageUp) focused().select_page(-1);
  if (key == Key::kPageDown) focused().select_page(1);
  if (key == Key::kHome) focused().select(-kAll);
  if (key == Key::kEnd) focused().select(kAll);
  if (key == Key::kTab) is_on_queues_ = !is_on_queues_;
  if (key == Key::kEscape) filter_.clear();
}

void View::press_in_filter(const Press& press) {
  if (press.key == Key::kText) filter_ += press.text;
  if (press.key == Key::kErase) {
    while (!filter_.empty() && (static_cast<unsigned char>(filter_.back()) & 0xC0U) == 0x80U)
      filter_.pop_back();
    if (!filter_.empty()) filter_.pop_back();
  }
  if (press.key == Key::kEscape) filter_.clear();
  if (press.key == Key::kEscape || press.key == Key::kEnter) mode_ = Mode::kBoard;
}

void View::ask(const Board& board) {
  const Grid::Row* row = is_on_queues_ ? nullptr : calls_.selected();
  const Channel* channel = row == nullptr ? nullptr : board.channel(row->key);
  if (channel == nullptr)
    return tell(is_on_queues_ ? "Tab goes to the calls, of which one can be hung up" : "No call is selected");
  // Asterisk would take it for a pattern of many names. It has no such channels, but forged events may.
  if (channel->name.starts_with('/')) return tell("This is no name of a channel: " + channel->name);
  target_ = channel->id;
  question_ = "Hang up " + visible(channel->name) + " (" + visible(Calls::party(*channel)) + ")? y/n";
  mode_ = Mode::kQuestion;
}

View::Command View::press_in_question(const Press& press, const Board& board) {
  mode_ = Mode::kBoard;
  if (press.text != "y" && press.text != "Y") {
    tell("Nothing was hung up");
    return {};
  }
  const Channel* channel = board.channel(target_);
  if (channel != nullptr) return {Command::kHangUp, channel->name};
  tell("That channel is gone already");
  return {};
}

std::vector<Line> View::head(const Board& board, size_t width, size_t height, Time now) {
  const std::vector<Call> calls = board.calls();
  const std::vector<Queue> queues = board.queues();
  calls_.set(rows_of(calls, shows_channels_, now), filter_);
  queues_.set(rows_of(queues, now), filter_);
  std::vector<Line> lines = {link_line(board, where_, width, now)};
  if (!board.link_text().empty()) lines.push_back({{visible(board.link_text()), Style::kAlarm}});
  lines.push_back(count_line(board, calls, queues, width));
  lines.push_back(loss_line(board));
  for (const std::string& trouble : board.troubles(now))
    lines.push_back({{visible(trouble), Style::kWarning}});
  // On a small screen what was counted stays longest, but for the rows.
  constexpr size_t kRowsAndFoot = 5;
  lines.resize(std::min(lines.size(), std::max(height, kRowsAndFoot) - kRowsAndFoot));
  return lines;
}

std::vector<Line> View::grids(const Board& board, size_t width, size_t height) {
  constexpr size_t kLeast = 8;  // for both
  const auto look = [&](Board::Part part) {
    const bool is_current = board.is_current(part);
    return Grid::Look{(part == Board::kQueues) == is_on_queues_, !is_current,
                      is_current ? "" : "not up to date"};
  };
  const bool shows_both = height >= kLeast && (queues_.size() > 0 || is_on_queues_);
  size_t of_queues = shows_both ? std::min(queues_.size() + 1, std::max<size_t>(height / 3, 3)) : 0;
  if (!shows_both && is_on_queues_) of_queues = height;
  std::vector<Line> lines = queues_.lines(width, of_queues, look(Board::kQueues));
  if (shows_both) lines.emplace_back();
  const size_t of_calls = height - std::min(height, std::max(lines.size(), of_queues));
  const std::vector<Line> calls = calls_.lines(width, of_calls, look(Board::kCalls));
  lines.insert(lines.end(), calls.begin(), calls.end());
  return lines;
}

Line View::foot(size_t width) const {
  if (mode_ == Mode::kQuestion) return {{question_, Style::kAlarm}};
  if (mode_ == Mode::kFilter)
    return {{"Filter: " + visible(filter_) + "_   (Enter: keep it, Esc: none)", Style::kBold}};
  if (!message_.empty()) return {{visible(message_), Style::kBold}};
  Line line;
  size_t taken = 0;
  for (const Shortcut& shortcut : kShortcuts) {
    const std::string key = "F" + std::to_string(shortcut.function);
    const std::string title = std::string(shortcut.title) + " ";
    taken += key.size() + title.size();
    if (taken > width) break;
    line.push_back({key, Style::kPlain});
    line.push_back({title, Style::kKey});
  }
  if (!filter_.empty()) line.push_back({" Filter: " + visible(filter_), Style::kWarning});
  return line;
}

std::vector<Line> View::lines(const Board& board, size_t width, size_t height, Time now) {
  std::vector<Line> lines;
  if (mode_ == Mode::kHelp) {
    lines.push_back({{std::string("ami top ") + ami_version_string(), Style::kBold}});
    for (const char* text : kHelp) lines.push_back({{text, Style::kPlain}});
  } else {
    lines = head(board, width, height, now);
    if (!lines.empty()) lines.emplace_back();
    const size_t room = height - std::min(height, lines.size() + 1);
    const std::vector<Line> tables = grids(board, width, room);
    lines.insert(lines.end(), tables.begin(), tables.end());
  }
  lines.resize(height == 0 ? 0 : height - 1);
  if (height > 0) lines.push_back(foot(width));
  return lines;
}

}  // namespace ami::cli
